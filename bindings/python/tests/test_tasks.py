"""Every task as the C library has it, on models that a moment's training made."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np
from support import folder, model_of, run_of, tone

import rondo
from rondo import Status


class Translate(unittest.TestCase):
    def test_lines(self) -> None:
        model = model_of("pairs")
        lines = ["THE CAT SEES IT", "", "A DOG HEARS US"]
        got = model.translate(lines)
        self.assertEqual(len(got), 3)
        self.assertEqual(got[1], "")
        self.assertEqual(model.translate(lines[2]), got[2])
        self.assertEqual(model.translate([]), [])

    def test_hypotheses(self) -> None:
        translation = model_of("pairs").translations(
            ["THE CAT SEES IT"], beam=3, best=3, attention=True, length_penalty=0.6
        )[0]
        self.assertEqual(len(translation.hypotheses), 3)
        self.assertEqual(translation.text, translation.hypotheses[0].text)
        scores = [h.score for h in translation.hypotheses]
        self.assertEqual(scores, sorted(scores, reverse=True))
        assert translation.attention is not None
        self.assertEqual(
            translation.attention.shape, (len(translation.target_symbols), len(translation.source_symbols))
        )
        np.testing.assert_allclose(translation.attention.sum(1), 1, rtol=1e-5)

    def test_sampling_and_prefix(self) -> None:
        model = model_of("pairs")
        drawn = model.translations(["A DOG SEES US"], sample=True, best=2, beam=2, seed=4, temperature=1.5)
        self.assertEqual(
            drawn, model.translations(["A DOG SEES US"], sample=True, best=2, beam=2, seed=4, temperature=1.5)
        )
        self.assertTrue(model.translate("A DOG SEES US", prefix="my").startswith("my"))

    def test_ensemble(self) -> None:
        model = model_of("pairs")
        twin = rondo.load(run_of("pairs").model_path, context=model.context)
        self.assertEqual(model.translate("A DOG SEES US", ensemble=[twin]), model.translate("A DOG SEES US"))
        with self.assertRaisesRegex(rondo.Error, "context of its own"):
            model.translate("A DOG", ensemble=[model_of("pairs")])
        with self.assertRaises(TypeError):
            model.translate("A DOG", ensemble=[3])

    def test_evaluate(self) -> None:
        files = [folder() / "pairs.xx", folder() / "pairs.en"]
        metrics = model_of("pairs").evaluate(files)
        self.assertEqual(metrics, model_of("pairs").evaluate(*files))
        self.assertGreater(metrics["bleu"], 0)

    def test_named_line(self) -> None:
        with self.assertRaisesRegex(rondo.Error, "line 2"):
            model_of("pairs").translate(["A", "B\0C"])


class Tag(unittest.TestCase):
    def test_labels(self) -> None:
        model = model_of("tag")
        self.assertEqual(sorted(model.tags), ["DET", "NOUN", "VERB"])
        both = model.tag(["the cat sees it", ["a", "dog"], []], probabilities=True)
        self.assertEqual(both[0].labels, [model.tags[n] for n in both[0].numbers])
        self.assertEqual(both[0].labels[:3], ["DET", "NOUN", "VERB"])
        self.assertEqual([len(t.labels) for t in both], [4, 2, 0])
        assert both[0].probabilities is not None
        self.assertTrue(((both[0].probabilities > 0) & (both[0].probabilities <= 1)).all())
        self.assertIsNone(model.tag(["a dog"])[0].probabilities)
        self.assertEqual(model.tag([]), [])
        with self.assertRaises(TypeError):
            model.tag("a dog")
        with self.assertRaises(rondo.Error):
            model.tag([["a", ""]])


class Classify(unittest.TestCase):
    def test_sounds(self) -> None:
        model = model_of("classify")
        self.assertEqual(model.input, "audio")
        files = sorted((folder() / "sounds" / "dev").glob("*.wav"))
        by_file = model.classify(files)
        sounds = [rondo.read_sound(file) for file in files]
        self.assertEqual(sounds[0].rate, 8000)
        for a, b in zip(by_file, model.classify(sounds)):
            self.assertEqual((a.name, a.probability), (b.name, b.probability))
            np.testing.assert_allclose(a.probabilities.sum(), 1)
            self.assertEqual(model.labels[a.label], a.name)
        self.assertEqual(model.classify([]), [])
        metrics = model.evaluate(folder() / "sounds" / "dev")
        right = sum(c.name == f.name.split("_")[0] for c, f in zip(by_file, files))
        self.assertAlmostEqual(metrics["accuracy"], right / len(files))
        self.assertIn("low", model.report)
        model.select("label=low")

    def test_stream(self) -> None:
        model = model_of("classify")
        samples = np.array(tone("high", 7), np.float32)
        whole = model.classify([rondo.Sound(samples, 8000)])[0]
        stream = model.classify_stream()
        self.assertEqual(stream.rate, 8000)
        for _ in range(2):
            told = [stream.step(samples[i : i + 100]) for i in range(0, len(samples), 100)]
            self.assertTrue(any(p is not None for p in told))
            last = stream.finish()
            assert last is not None
            np.testing.assert_allclose(last, whole.probabilities, rtol=1e-5)
            stream.reset()

    def test_series(self) -> None:
        model = model_of("series")
        rows = np.loadtxt(folder() / "series-3.csv", delimiter=",", skiprows=1)
        (by_file,), (by_rows,) = model.classify([folder() / "series-3.csv"]), model.classify([rows])
        np.testing.assert_allclose(by_file.probabilities, by_rows.probabilities, rtol=1e-6)
        stream = model.classify_stream()
        told = None
        for row in rows:
            told = stream.step(row)
        assert told is not None
        np.testing.assert_allclose(told, by_rows.probabilities, rtol=1e-6)
        for wrong in (rows[:, :1], rows[0], rows[None]):
            with self.assertRaises(rondo.Error):
                model.classify([wrong])

    def test_texts(self) -> None:
        model = model_of("reviews")
        self.assertEqual(model.input, "text")
        self.assertEqual(len(model.classify(["good thing", ""])), 2)
        with self.assertRaises(TypeError):
            model.classify([3])  # type: ignore[list-item]

    def test_wrong_sounds(self) -> None:
        model = model_of("classify")
        for wrong in (np.zeros(800, np.float32), rondo.Sound(np.zeros(800, np.int16), 8000)):
            with self.assertRaises(TypeError):
                model.classify([wrong])
        for bad in (rondo.Sound(np.zeros((2, 3)), 8000), rondo.Sound(np.zeros(3), 0)):
            with self.assertRaises(rondo.Error):
                model.classify([bad])
        with self.assertRaisesRegex(rondo.Error, "none.wav"):
            model.classify([folder() / "none.wav"])


class Transcribe(unittest.TestCase):
    def test_files_and_sounds(self) -> None:
        model = model_of("transcribe")
        files = sorted((folder() / "speech" / "dev").glob("*.wav"))
        by_file = model.transcribe(files)
        by_sound = model.transcribe([rondo.read_sound(f) for f in files])
        self.assertEqual([t.text for t in by_file], [t.text for t in by_sound])
        self.assertAlmostEqual(by_file[0].seconds, len(rondo.read_sound(files[0]).samples) / 8000)
        self.assertEqual("".join(by_file[0].symbols), by_file[0].text)
        self.assertEqual(len(by_file[0].times), len(by_file[0].symbols))
        best = model.transcribe(files[:1], beam=4, best=3)[0]
        self.assertEqual(best.scores, sorted(best.scores, reverse=True))
        self.assertEqual(model.transcribe([]), [])
        with self.assertRaises(TypeError):
            model.transcribe(str(files[0]))
        with self.assertRaises(TypeError):
            model.transcribe([files[0], rondo.read_sound(files[0])])

    def test_stream(self) -> None:
        model = model_of("transcribe")
        sound = rondo.read_sound(folder() / "speech" / "train" / "low_1.wav")
        samples = np.asarray(sound.samples)
        stream = model.transcribe_stream()
        self.assertEqual(stream.rate, 8000)
        for _ in range(2):
            text = "".join(stream.step(samples[i : i + 256]) for i in range(0, len(samples), 256))
            self.assertEqual(text + stream.finish(), model.transcribe([sound])[0].text)
            stream.reset()

    def test_language_model(self) -> None:
        model = model_of("transcribe")
        other: Any = model_of("language")
        with self.assertRaisesRegex(rondo.Error, "context of its own"):
            model.transcribe([], language_model=other)
        scorer = rondo.load(run_of("language").model_path, context=model.context)
        files = sorted((folder() / "speech" / "dev").glob("*.wav"))[:1]
        self.assertEqual(len(model.transcribe(files, language_model=scorer, beam=4)), 1)
        stream = model.transcribe_stream(language_model=scorer, beam=4)
        scorer.close()
        stream.step(np.asarray(rondo.read_sound(files[0]).samples))
        stream.finish()


class Forecast(unittest.TestCase):
    def test_table(self) -> None:
        model = model_of("forecast")
        forecast = model.forecast(folder() / "table.csv", history=10)
        self.assertEqual(forecast.targets, ["wave", "steps"])
        self.assertEqual(forecast.levels, [0.1, 0.5, 0.9])
        (series,) = forecast.series
        self.assertEqual(series.point.shape, (2, 6))
        assert series.quantiles is not None
        self.assertEqual(series.quantiles.shape, (2, 6, 3))
        self.assertEqual(series.history.shape, (2, 10))
        np.testing.assert_allclose(series.history[1], [(i % 7) for i in range(390, 400)])
        self.assertEqual(len(series.when), 6)
        np.testing.assert_allclose(np.diff(series.times), 3600)
        one = model.forecast(folder() / "table.csv", target="steps", quantiles=[0.5], start="370", horizon=4)
        self.assertEqual(one.series[0].point.shape, (1, 4))
        np.testing.assert_allclose(one.series[0].truth[0], [(i % 7) for i in range(370, 374)])
        if "cairo" in rondo.build_parts():
            forecast.plot(folder() / "forecast.svg", target=1)
            self.assertTrue((folder() / "forecast.svg").read_bytes().startswith(b"<"))
        with self.assertRaises(rondo.Error):
            forecast.plot(folder() / "forecast.svg", series=9)

    def test_stream(self) -> None:
        model = model_of("forecast")
        table = np.loadtxt(folder() / "table.csv", delimiter=",", skiprows=1)
        stream = model.forecast_stream()
        self.assertEqual((stream.columns, stream.window), (2, 24))
        out = np.empty_like(stream.point)
        for n, (time, *row) in enumerate(table):
            self.assertIs(stream.step(row, time=time, out=out), out)
            self.assertEqual(bool(np.isnan(out).any()), n < 23)
        series = model.forecast(folder() / "table.csv").series[0]
        np.testing.assert_array_equal(out, series.point)
        np.testing.assert_array_equal(stream.quantiles, series.quantiles)
        stream.reset()
        self.assertTrue(np.isnan(stream.step(table[0, 1:])).all())
        with self.assertRaisesRegex(rondo.Error, "row has shape") as caught:
            stream.step([1.0])
        self.assertEqual(caught.exception.status, Status.SHAPE)


if __name__ == "__main__":
    unittest.main()
