"""Rondo: train, run and stream recurrent sequence models.

    run = rondo.train("recipe.yaml")         a recipe in, a Run out
    model = rondo.load("model.safetensors")  Model: generate, translate, classify, tag, forecast, transcribe, evaluate
    graph = rondo.load_onnx("model.onnx")    Graph: arrays in, arrays out

Thread safety is that of the C library, made safe: one call at a time per Context. Threads that share a model, or models
that share a context, wait for each other; models with contexts of their own run side by side. The GIL is free during
calls. Failures raise rondo.Error; arguments of a wrong type raise TypeError."""

from ._arrays import read_arrays
from ._classify import Classification, ClassifyStream
from ._errors import Error, Status
from ._forecast import Forecast, ForecastStream, Series
from ._graph import Graph, Port, describe
from ._handles import Context
from ._library import build_parts, isa_available, version
from ._model import Model, load, load_onnx
from ._sound import Sound, read_sound
from ._stream import NetworkStream
from ._tag import Tagging
from ._train import Event, Run, read_metrics, train
from ._transcribe import TranscribeStream, Transcript
from ._translate import Hypothesis, Translation
from ._version import __version__

__all__ = [
    "Classification",
    "ClassifyStream",
    "Context",
    "Error",
    "Event",
    "Forecast",
    "ForecastStream",
    "Graph",
    "Hypothesis",
    "Model",
    "NetworkStream",
    "Port",
    "Run",
    "Series",
    "Sound",
    "Status",
    "Tagging",
    "Transcript",
    "TranscribeStream",
    "Translation",
    "__version__",
    "build_parts",
    "describe",
    "isa_available",
    "load",
    "load_onnx",
    "read_arrays",
    "read_metrics",
    "read_sound",
    "train",
    "version",
]
