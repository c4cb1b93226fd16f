"""Models: what they are, the network on arrays and step by step, writing, threads, processes, being closed."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import time
import unittest
from pathlib import Path
from typing import Any

import numpy as np
from support import folder, model_of, run_of

import rondo
from rondo import Status


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


class Facts(unittest.TestCase):
    def test_what_it_is(self) -> None:
        model = model_of("language")
        self.assertEqual(model.task, "language_model")
        self.assertEqual(model.recipe["model"]["hidden_size"], 16)
        self.assertEqual(model.parameters, sum(v.size for v in model.state_dict().values()))
        self.assertEqual(model.info["vocabulary_size"], len(model.vocabulary["symbols"]))
        self.assertIn("loss", " ".join(model.metrics))
        self.assertIn("language_model", repr(model))
        self.assertEqual(model.labels, [])
        self.assertEqual(model.tags, [])
        self.assertEqual(model.input, "")

    def test_library(self) -> None:
        self.assertIn("scalar", rondo.isa_available())
        self.assertIn("json", rondo.build_parts())
        self.assertEqual(rondo.version(), rondo.__version__)

    def test_context(self) -> None:
        with rondo.Context(threads=2, isa="scalar") as context:
            self.assertEqual((context.threads, context.isa), (2, "scalar"))
            a = rondo.load(run_of("language").model_path, context=context)
        y = a(np.array([1, 2]))  # the model keeps it
        np.testing.assert_allclose(y, model_of("language")(np.array([1, 2])), atol=1e-5)
        with self.assertRaises(rondo.Error):
            context.threads
        with self.assertRaisesRegex(rondo.Error, "must be one of f32"):
            rondo.Context(precision="f64")
        with self.assertRaisesRegex(rondo.Error, "isa|instruction"):
            rondo.Context(isa="altivec")

    def test_precision(self) -> None:
        x, exact = np.array([1, 2, 3]), model_of("language")(np.array([1, 2, 3]))
        for precision in ("bf16", "int8"):
            with rondo.load(run_of("language").model_path, precision=precision) as model:
                y = model(x)
                self.assertFalse(np.array_equal(y, exact))
                np.testing.assert_allclose(y, exact, atol=0.2)
                stream = model.stream()
                np.testing.assert_array_equal([stream.step(i) for i in x], y)


class Errors(unittest.TestCase):
    def test_status_and_message(self) -> None:
        with self.assertRaises(rondo.Error) as caught:
            rondo.load(folder() / "none.safetensors")
        self.assertEqual(caught.exception.status, Status.NOT_FOUND)
        self.assertIn("none.safetensors: ", str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))
        twin = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((twin.status, str(twin)), (caught.exception.status, str(caught.exception)))

    def test_hostile_file(self) -> None:
        data = run_of("language").model_path.read_bytes()
        path = folder() / "cut.safetensors"
        for size in (0, 7, 100, len(data) - 1):
            path.write_bytes(data[:size])
            with self.assertRaisesRegex(rondo.Error, "cut.safetensors") as caught:
                rondo.load(path)
            self.assertEqual(caught.exception.status, Status.FORMAT)

    def test_no_copies(self) -> None:
        for make in (copy.copy, copy.deepcopy, pickle.dumps):
            with self.assertRaisesRegex(TypeError, "send its path"):
                make(model_of("language"))

    def test_types(self) -> None:
        model = model_of("language")
        wrong: list[Any] = [
            lambda: rondo.load(3),  # type: ignore[arg-type]
            lambda: rondo.load("m.safetensors", threads="2"),  # type: ignore[arg-type]
            lambda: model.generate(5),  # type: ignore[arg-type]
            lambda: model.generate(tokens=1.5),  # type: ignore[arg-type]
            lambda: model.generate(temperature="hot"),  # type: ignore[arg-type]
            lambda: model.run([1, 2]),  # type: ignore[arg-type]
            lambda: model(np.array(["a"])),
            lambda: model.translations("one line"),
            lambda: model.classify("one.wav"),
            lambda: model.stream().step(0.5),
            lambda: model.stream().step("a"),
        ]
        for call in wrong:
            with self.assertRaises(TypeError):
                call()

    def test_ranges(self) -> None:
        model = model_of("language")
        wrong: list[Any] = [
            lambda: rondo.load(run_of("language").model_path, threads=2**40),
            lambda: model.generate(tokens=2**70),
            lambda: model.generate(seed=-1),
            lambda: model.generate(top_p=7),
            lambda: model.generate("a\0b"),
            lambda: model.generate("\ud800"),
            lambda: model.stream(0),
            lambda: model.run({"z": [1]}),
            lambda: model.run({}),
            lambda: rondo.load("a\0b"),
            lambda: rondo.load("model.onnx"),
            lambda: rondo.load("m.safetensors", context=model.context, threads=2),
        ]
        for call in wrong:
            with self.assertRaises(rondo.Error) as caught:
                call()
            self.assertEqual(caught.exception.status, Status.ARGUMENT, str(caught.exception))

    def test_what_a_task_cannot_do(self) -> None:
        model = model_of("language")
        calls: list[Any] = [
            lambda: model.translate("a"),
            lambda: model.tag(["a"]),
            lambda: model.classify(["a"]),
            lambda: model.classify_stream(),
            lambda: model.transcribe(["a.wav"]),
            lambda: model.forecast("a.csv"),
            lambda: model.forecast_stream(),
            lambda: model.transcribe_stream(),
            lambda: model.select("speaker=theo"),
        ]
        for call in calls:
            with self.assertRaises(rondo.Error) as caught:
                call()
            self.assertIn(caught.exception.status, (Status.UNSUPPORTED, Status.ARGUMENT), str(caught.exception))


class Network(unittest.TestCase):
    def test_run(self) -> None:
        model = model_of("language")
        x = np.array([[1, 4], [2, 5], [3, 6]])
        y = model(x)
        self.assertEqual(y.shape, (3, 2, model.info["vocabulary_size"]))
        np.testing.assert_array_equal(model.run({"x": x})["y"], y)
        np.testing.assert_array_equal(model(x[:, 1]), y[:, 1])  # not contiguous
        with self.assertRaisesRegex(rondo.Error, "x holds 4000"):
            model([4000])

    def test_stream_has_the_same_bits(self) -> None:
        model = model_of("language")
        x = np.array([3, 1, 4, 1, 5])
        whole = model(x)
        stream = model.stream()
        self.assertEqual((stream.symbols, stream.width, stream.output), (whole.shape[1], 0, whole.shape[1]))
        out = np.empty(stream.output, np.float32)
        for _ in range(2):
            for t, symbol in enumerate(x):
                self.assertIs(stream.step(symbol, out=out), out)
                np.testing.assert_array_equal(out, whole[t])
            stream.reset()

    def test_batch(self) -> None:
        model = model_of("language")
        x = np.array([[1, 4], [2, 5], [3, 6]], np.int16)
        stream = model.stream(batch=2)
        np.testing.assert_array_equal(np.array([stream.step(row) for row in x]), model(x))
        for wrong in (3, [1], [[1, 2]], [1, 99], [-1, 0], np.array([2**32 + 1, 0])):
            with self.assertRaises(rondo.Error):
                stream.step(wrong)

    def test_vectors(self) -> None:
        model = model_of("series")
        x = np.array([[0.5, 1], [0.25, 2], [1.5, 3]], np.float32)
        stream = model.stream()
        for given in (x, x.astype(np.float64), x.T.copy().T):
            got = [stream.step(row) for row in given]
            np.testing.assert_array_equal(got[-1], model(x))
            np.testing.assert_array_equal(got[0], model(x[:1]))
            stream.reset()
        for wrong in (x, [1.0], [1.0, 2.0, 3.0], 1.0):
            with self.assertRaises(rondo.Error):
                stream.step(wrong)

    def test_tagger(self) -> None:
        model = model_of("tag")
        x = np.array([1, 3, 2, 4])
        stream = model.stream()
        np.testing.assert_array_equal(np.array([stream.step(i) for i in x]), model(x))

    def test_no_single_step(self) -> None:
        for name in ("forecast", "pairs"):
            with self.assertRaises(rondo.Error) as caught:
                model_of(name).stream()
            self.assertEqual(caught.exception.status, Status.UNSUPPORTED, str(caught.exception))

    def test_out_is_checked(self) -> None:
        stream = model_of("language").stream()
        n = stream.output
        frozen = np.empty(n, np.float32)
        frozen.flags.writeable = False
        wrong: list[Any] = [
            np.empty(n),
            np.empty(n - 1, np.float32),
            np.empty(2 * n, np.float32)[::2],
            frozen,
            [0.0] * n,
        ]
        for out in wrong:
            with self.assertRaises(TypeError):
                stream.step(1, out=out)

    def test_stream_keeps_its_model(self) -> None:
        model = model_of("language")
        wanted = model.stream().step(2)
        stream = model.stream()
        model.close()
        del model
        np.testing.assert_array_equal(stream.step(2), wanted)
        stream.close()
        stream.close()
        with self.assertRaises(rondo.Error) as caught:
            stream.step(2)
        self.assertEqual(caught.exception.status, Status.STATE)


class Symbols(unittest.TestCase):
    def test_there_and_back(self) -> None:
        model = model_of("language")
        ids = model.encode("the cat")
        self.assertEqual((ids.dtype, ids.shape), (np.int32, (7,)))
        self.assertEqual([model.vocabulary["symbols"][i] for i in ids], list("the cat"))
        self.assertEqual(model.decode(ids), "the cat")
        self.assertEqual(model.decode(model.encode("")), "")
        self.assertEqual(model.decode([]), "")
        self.assertEqual(model(ids).shape[0], 7)

    def test_classifier_of_texts(self) -> None:
        model = model_of("reviews")
        (wanted,) = model.classify(["good thing"])
        np.testing.assert_allclose(model(model.encode("good thing")), wanted.probabilities, rtol=1e-5)

    def test_refusals(self) -> None:
        model = model_of("language")
        for wrong in (["a"], [0.5], "abc"):
            with self.assertRaises(TypeError):
                model.decode(wrong)
        for bad in ([999], [-1], [2**40], [[1]], 3):
            with self.assertRaises(rondo.Error):
                model.decode(bad)
        with self.assertRaises(rondo.Error) as caught:
            model_of("series").encode("a")
        self.assertEqual(caught.exception.status, Status.UNSUPPORTED)


class Writing(unittest.TestCase):
    def test_seed_and_pieces(self) -> None:
        model = model_of("language")
        pieces: list[str] = []
        text = model.generate("the ", tokens=30, seed=5, on_text=pieces.append)
        self.assertEqual("".join(pieces), text)
        self.assertEqual(len(text), 30)
        self.assertEqual(model.generate("the ", tokens=30, seed=5), text)
        self.assertNotEqual(model.generate("the ", tokens=30, seed=6), text)
        self.assertEqual(model.generate(tokens=9, temperature=0), model.generate(tokens=9, top_k=1, seed=3))
        self.assertEqual(model.generate(tokens=0), "")

    def test_stopped_early(self) -> None:
        model, pieces = model_of("language"), list[str]()

        def three(piece: str) -> bool:
            pieces.append(piece)
            return len(pieces) < 3

        self.assertEqual(model.generate(tokens=100, seed=1, on_text=three), "".join(pieces))
        self.assertEqual(len(pieces), 3)

    def test_exceptions_come_out(self) -> None:
        def fail(piece: str) -> None:
            raise KeyError(piece)

        with self.assertRaises(KeyError):
            model_of("language").generate(on_text=fail)

    def test_callback_may_not_call_back(self) -> None:
        model = model_of("language")
        with self.assertRaises(rondo.Error) as caught:
            model.generate(on_text=lambda _: model([1]))
        self.assertEqual(caught.exception.status, Status.STATE)
        self.assertEqual(model([1]).shape[0], 1)  # and all is well after it

    def test_evaluate(self) -> None:
        metrics = model_of("language").evaluate(folder() / "text.txt")
        self.assertGreater(metrics["perplexity"], 1)
        with self.assertRaises(rondo.Error):
            model_of("language").evaluate()


class Threads(unittest.TestCase):
    def test_one_model_from_many_threads(self) -> None:
        model, x = model_of("language"), np.array([1, 2, 3, 4] * 8)
        wanted, wrong = model(x), list[int]()

        def work() -> None:
            stream = model.stream()
            for _ in range(20):
                if not np.array_equal(model(x), wanted) or not np.array_equal(stream.step(1), wanted[0]):
                    wrong.append(1)
                stream.reset()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        self.assertEqual(wrong, [])

    def test_gil_is_free(self) -> None:
        model, x = model_of("language"), np.ones(300000, np.int32)
        long = threading.Thread(target=model, args=(x,))
        turns = 0
        long.start()
        while long.is_alive():
            time.sleep(0.0002)
            turns += 1
        self.assertGreater(turns, 2)  # the first may come before the call, the last after it

    def test_closed_in_the_midst(self) -> None:
        for _ in range(5):
            model = model_of("language")

            def work(m: rondo.Model) -> None:
                try:
                    for _ in range(50):
                        m(np.array([1, 2, 3] * 10))
                except rondo.Error as why:
                    assert why.status == Status.STATE, why

            worker = threading.Thread(target=work, args=(model,))
            worker.start()
            model.close()
            worker.join()

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_fork(self) -> None:
        many, one = model_of("language"), rondo.load(run_of("language").model_path, threads=1)
        wanted = one([1, 2])

        def child() -> int:
            try:
                many([1, 2])
                return 1
            except rondo.Error as why:
                if why.status != Status.STATE or "fork" not in str(why):
                    return 2
            return 0 if np.array_equal(one([1, 2]), wanted) else 3

        pid = os.fork()
        if pid == 0:
            code = 4
            try:
                code = child()
            finally:
                os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    @unittest.skipUnless(Path("/proc/self/fd").is_dir(), "no /proc")
    def test_nothing_is_left_open(self) -> None:
        path = run_of("language").model_path
        rondo.load(path, threads=3).close()
        before = descriptors(), threads()
        for _ in range(20):
            model = rondo.load(path, threads=3)
            stream = model.stream()
            stream.step(1)
            model([1])
            rondo.read_arrays(path)
        del model, stream
        for _ in range(100):  # a joined thread may stand in /proc a moment longer
            if threads() == before[1]:
                break
            time.sleep(0.01)
        self.assertEqual((descriptors(), threads()), before)


if __name__ == "__main__":
    unittest.main()
