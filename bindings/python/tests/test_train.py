"""Training: progress, stopping, resuming to the same bits, recipes as dicts, what is left in the folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any

from support import SMALL, folder, language_recipe, run_of

import rondo
from rondo import Status


class Progress(unittest.TestCase):
    def test_events(self) -> None:
        events: list[rondo.Event] = []
        run = rondo.train(language_recipe(), out=folder() / "events", on_progress=events.append)
        kinds = [e.kind for e in events]
        self.assertEqual((kinds[0], kinds[-1]), ("start", "end"))
        self.assertEqual([e.step for e in events if e.kind == "step"], list(range(1, 21)))
        evaluations = [e for e in events if e.kind == "evaluate"]
        self.assertEqual(len(evaluations), 4)
        self.assertEqual([m["step"] for m in run.metrics], [5, 10, 15, 20])
        self.assertEqual(evaluations[-1].metrics["valid_loss"], run.metrics[-1]["valid_loss"])
        self.assertIn(str(run.model_path), [e.message for e in events if e.kind == "save"])
        self.assertEqual((run.steps, run.stopped), (20, False))
        self.assertEqual(run.best["valid_loss"], min(m["valid_loss"] for m in run.metrics))
        self.assertEqual(run.load().parameters, rondo.load(run.model_path).parameters)
        if "cairo" in rondo.build_parts():
            run.plot(folder() / "curve.svg")
            self.assertTrue((folder() / "curve.svg").exists())

    def test_same_bits(self) -> None:
        again = rondo.train(language_recipe(), out=folder() / "again", threads=2)
        self.assertEqual(again.model_path.read_bytes(), run_of("language").model_path.read_bytes())

    def test_stop_and_resume(self) -> None:
        out = folder() / "stopped"
        run = rondo.train(language_recipe(), out=out, on_progress=lambda e: e.step < 7)
        self.assertEqual((run.steps, run.stopped), (7, True))
        resumed = rondo.train(language_recipe(), out=out, resume=True)
        self.assertEqual((resumed.steps, resumed.stopped), (20, False))
        self.assertEqual(resumed.model_path.read_bytes(), run_of("language").model_path.read_bytes())

    def test_failure_goes_before_exception(self) -> None:
        """The disk is gone when it comes to saving: that must not be told as "all is saved"."""

        def fail(event: rondo.Event) -> None:
            if event.step == 2:
                shutil.rmtree(out)
                out.write_text("in the way")
                raise ZeroDivisionError

        out = folder() / "gone"
        with self.assertRaises(rondo.Error) as caught:
            rondo.train(language_recipe(), out=out, on_progress=fail)
        self.assertIsInstance(caught.exception.__cause__, ZeroDivisionError)

    def test_exception_in_callback(self) -> None:
        def fail(event: rondo.Event) -> None:
            if event.step == 6:
                raise ZeroDivisionError

        out = folder() / "failed"
        with self.assertRaises(ZeroDivisionError):
            rondo.train(language_recipe(), out=out, on_progress=fail)
        self.assertEqual(rondo.train(language_recipe(), out=out, resume=True).steps, 20)


class Stopping(unittest.TestCase):
    def test_keyboard_interrupt(self) -> None:
        """As a user meets it: Ctrl-C while it trains, without a callback."""
        program = (
            "import rondo, sys, support\n"
            "recipe = support.language_recipe()\n"
            "try:\n"
            "    rondo.train(recipe, out=sys.argv[1], set={'train.max_steps': 10000000, 'train.epochs': 1000000})\n"
            "except KeyboardInterrupt as why:\n"
            "    print('stopped', why)\n"
        )
        out = folder() / "interrupted"
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(out)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(p) for p in sys.path)},
        )
        assert child.stdout
        for _ in range(3000):
            if (out / "metrics.jsonl").exists():
                break
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=60)[0]
        self.assertEqual(child.returncode, 0)
        self.assertIn("stopped stopped after step", said)
        self.assertTrue((out / "last.safetensors").exists())
        self.assertEqual(rondo.train(language_recipe(), out=out, resume=True, set=["train.patience=1"]).stopped, False)

    def test_handler_is_put_back(self) -> None:
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        rondo.train(language_recipe(), out=folder() / "handler", set={"train.max_steps": 1})
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_own_handler_stays(self) -> None:
        met: list[int] = []
        before = signal.signal(signal.SIGINT, lambda number, frame: met.append(number))
        try:
            run = rondo.train(
                language_recipe(),
                out=folder() / "own",
                on_progress=lambda e: os.kill(os.getpid(), signal.SIGINT) if e.step == 3 and e.kind == "step" else None,
            )
        finally:
            signal.signal(signal.SIGINT, before)
        self.assertEqual((met, run.stopped), ([signal.SIGINT], False))

    def test_in_another_thread(self) -> None:
        runs: list[rondo.Run] = []
        worker = threading.Thread(target=lambda: runs.append(rondo.train(language_recipe(), out=folder() / "worker")))
        worker.start()
        worker.join()
        self.assertEqual(runs[0].steps, 20)


class Recipes(unittest.TestCase):
    def test_file_and_sets(self) -> None:
        language_recipe()
        path = folder() / "small.yaml"
        path.write_text(
            "task: language_model\ndata: {train: text.txt, valid_fraction: 0.1}\n"
            "model: {cell: lstm, embedding_size: 8, hidden_size: 8}\ntrain: {batch_size: 4, max_steps: 2}\n"
        )
        sets: list[Any] = [
            {"model.cell": "gru", "model.dropout": 0.1, "train.optimizer": SMALL["optimizer"], "train.seed": 7},
            [
                "model.cell=gru",
                "model.dropout=0.1",
                "train.optimizer={type: adamw, learning_rate: 0.02}",
                "train.seed=7",
            ],
        ]
        models = [rondo.train(path, out=folder() / f"sets-{i}", set=s).load() for i, s in enumerate(sets)]
        self.assertEqual(models[0].recipe["model"]["cell"], "gru")
        self.assertEqual(models[0].recipe, models[1].recipe)

    def test_default_folder(self) -> None:
        language_recipe()
        path = folder() / "named.yaml"
        path.write_text(
            "task: language_model\ndata: {train: text.txt, valid_fraction: 0.1}\n"
            "model: {embedding_size: 4, hidden_size: 4}\ntrain: {batch_size: 4, max_steps: 1}\n"
        )
        before = os.getcwd()
        os.chdir(folder())
        try:
            self.assertEqual(rondo.train("named.yaml").folder, Path("runs/named"))
        finally:
            os.chdir(before)

    def test_errors(self) -> None:
        recipe: Any = language_recipe()
        cases: list[tuple[Any, Any, str]] = [
            ({**recipe, "model": {"hiden_size": 3}}, None, "did you mean 'hidden_size'"),
            (folder() / "none.yaml", None, "none.yaml"),
            (recipe, {"model.sell": "lstm"}, "model.sell"),
            (recipe, ["model.cell"], "key.path=value"),
            (recipe, {"model.dropout": float("nan")}, "no value of a recipe"),
            (recipe, {"train.seed": "1\0"}, "NUL"),
        ]
        for given, sets, message in cases:
            with self.assertRaisesRegex(rondo.Error, message):
                rondo.train(given, out=folder() / "never", set=sets)
        for wrong, sets in ((3, None), ({"data": 3}, None), (recipe, "a=b"), (recipe, {"model.cell": object()})):
            with self.assertRaises(TypeError):
                rondo.train(wrong, out=folder() / "never", set=sets)  # type: ignore[arg-type]
        with self.assertRaisesRegex(rondo.Error, "give out"):
            rondo.train(recipe)
        self.assertFalse((folder() / "never").exists())

    def test_nothing_to_resume(self) -> None:
        with self.assertRaises(rondo.Error) as caught:
            rondo.train(language_recipe(), out=folder() / "fresh", resume=True)
        self.assertEqual(caught.exception.status, Status.NOT_FOUND)

    def test_metrics_of_a_folder(self) -> None:
        self.assertEqual(rondo.read_metrics(run_of("language").folder), run_of("language").metrics)
        torn = folder() / "torn"
        torn.mkdir()
        (torn / "metrics.jsonl").write_text('{"step": 1}\n{"st')
        self.assertEqual(rondo.read_metrics(torn), [{"step": 1}])
        with self.assertRaises(rondo.Error) as caught:
            rondo.read_metrics(folder() / "nowhere")
        self.assertEqual(caught.exception.status, Status.NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
