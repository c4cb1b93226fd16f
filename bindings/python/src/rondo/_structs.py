"""The structs and callbacks of include/rondo/*.h, field for field (tests/test_headers.py compares them with the
compiler's)."""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint64,
    c_void_p,
)

strings = POINTER(c_char_p)
doubles = POINTER(c_double)
floats = POINTER(c_float)


class rondo_error(Structure):
    _fields_ = [("status", c_int), ("message", c_char * 512)]


class rondo_context_options(Structure):
    _fields_ = [("threads", c_int), ("precision", c_int), ("isa", c_char_p)]


class rondo_tensor(Structure):
    _fields_ = [("dtype", c_int), ("rank", c_int), ("dims", c_int64 * 4), ("data", c_void_p)]


# ---- model.h ----


class rondo_metric(Structure):
    _fields_ = [("name", c_char * 32), ("value", c_double)]


class rondo_metrics(Structure):
    _fields_ = [("count", c_int), ("item", rondo_metric * 32)]


class rondo_event(Structure):
    _fields_ = [
        ("kind", c_int),
        ("step", c_int64),
        ("steps", c_int64),
        ("epoch", c_int64),
        ("epochs", c_int64),
        ("train_loss", c_double),
        ("gradient_norm", c_double),
        ("learning_rate", c_double),
        ("seconds", c_double),
        ("symbols_per_second", c_double),
        ("seconds_left", c_double),
        ("symbol", c_char_p),
        ("metrics", POINTER(rondo_metrics)),
        ("best", c_bool),
        ("message", c_char_p),
    ]


rondo_event_fn = CFUNCTYPE(c_bool, POINTER(rondo_event), c_void_p)
rondo_text_fn = CFUNCTYPE(c_bool, c_void_p, c_size_t, c_void_p)


class rondo_train_options(Structure):
    _fields_ = [
        ("folder", c_char_p),
        ("sets", c_int),
        ("set", strings),
        ("resume", c_bool),
        ("threads", c_int),
        ("event", rondo_event_fn),
        ("event_arg", c_void_p),
        ("memory_limit", c_size_t),
    ]


class rondo_train_result(Structure):
    _fields_ = [("steps", c_int64), ("epochs", c_int64), ("seconds", c_double), ("best", rondo_metrics)]


class rondo_model_stream_sizes(Structure):
    _fields_ = [("batch", c_int64), ("symbols", c_int64), ("in", c_int64), ("out", c_int64)]


class rondo_generate_options(Structure):
    _fields_ = [
        ("prompt", c_char_p),
        ("tokens", c_int64),
        ("temperature", c_double),
        ("greedy", c_bool),
        ("top_k", c_int64),
        ("top_p", c_double),
        ("seed", c_uint64),
    ]


# ---- graph.h ----


class rondo_graph_port(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("typed", c_bool),
        ("dtype", c_int),
        ("rank", c_int),
        ("dims", c_int64 * 8),
        ("optional", c_bool),
    ]


class rondo_graph_options(Structure):
    _fields_ = [("plain_recurrent", c_bool)]


class rondo_graph_value(Structure):
    _fields_ = [("name", c_char_p), ("tensor", rondo_tensor)]


# ---- search.h, translate.h ----


class rondo_search_options(Structure):
    _fields_ = [
        ("beam", c_int64),
        ("best", c_int64),
        ("length_penalty", c_double),
        ("coverage_penalty", c_double),
        ("min_length", c_int64),
        ("max_length", c_int64),
        ("no_repeat_ngram", c_int64),
        ("no_unknown", c_bool),
        ("sample", c_bool),
        ("temperature", c_double),
        ("top_k", c_int64),
        ("top_p", c_double),
        ("seed", c_uint64),
        ("first_source", c_uint64),
        ("prefix", POINTER(POINTER(c_int32))),
        ("prefix_count", POINTER(c_int64)),
        ("want_weights", c_bool),
    ]


class rondo_translate_options(Structure):
    _fields_ = [
        ("search", rondo_search_options),
        ("batch", c_int64),
        ("replace_unknown", c_bool),
        ("prefix", c_char_p),
        ("ensemble", c_int),
        ("member", POINTER(c_void_p)),
    ]


class rondo_translation(Structure):
    _fields_ = [
        ("count", c_int64),
        ("text", strings),
        ("score", doubles),
        ("log_probability", doubles),
        ("source_count", c_int64),
        ("target_count", c_int64),
        ("source_symbol", strings),
        ("target_symbol", strings),
        ("weights", floats),
    ]


# ---- tag.h ----


class rondo_sentence(Structure):
    _fields_ = [("count", c_int64), ("word", strings)]


class rondo_tag_options(Structure):
    _fields_ = [("probabilities", c_bool), ("first", c_int64)]


class rondo_tagging(Structure):
    _fields_ = [("count", c_int64), ("number", POINTER(c_int32)), ("label", strings), ("probability", doubles)]


# ---- audio.h, classify.h, transcribe.h ----


class rondo_sound(Structure):
    _fields_ = [("count", c_int64), ("rate", c_int64), ("sample", floats), ("channels", c_int)]


class rondo_classify_input(Structure):
    _fields_ = [
        ("file", c_char_p),
        ("text", c_char_p),
        ("sound", POINTER(rondo_sound)),
        ("rows", floats),
        ("count", c_int64),
    ]


class rondo_classification(Structure):
    _fields_ = [("label", c_int32), ("name", c_char_p), ("probability", c_double), ("probabilities", doubles)]


class rondo_transcribe_options(Structure):
    _fields_ = [
        ("beam", c_int64),
        ("best", c_int64),
        ("language_model", c_void_p),
        ("lm_weight", c_double),
        ("symbol_bonus", c_double),
        ("prune", c_double),
        ("batch", c_int64),
    ]


class rondo_transcript(Structure):
    _fields_ = [
        ("count", c_int64),
        ("text", strings),
        ("score", doubles),
        ("seconds", c_double),
        ("symbols", c_int64),
        ("symbol", strings),
        ("time", doubles),
    ]


# ---- forecast.h ----


class rondo_forecast_options(Structure):
    _fields_ = [
        ("horizon", c_int64),
        ("quantiles", c_int),
        ("quantile", doubles),
        ("series", c_char_p),
        ("target", c_char_p),
        ("from", c_char_p),
        ("history", c_int64),
        ("paths", c_int64),
        ("seed", c_uint64),
    ]


class rondo_forecast_series(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("time", doubles),
        ("when", strings),
        ("point", doubles),
        ("quantile", doubles),
        ("truth", doubles),
        ("history", c_int64),
        ("history_time", doubles),
        ("history_value", doubles),
    ]


class rondo_forecast(Structure):
    _fields_ = [
        ("horizon", c_int64),
        ("targets", c_int64),
        ("count", c_int64),
        ("target_name", strings),
        ("series", POINTER(rondo_forecast_series)),
        ("quantiles", c_int),
        ("level", doubles),
        ("has_time", c_bool),
        ("has_truth", c_bool),
        ("has_band", c_bool),
        ("notes", c_char_p),
    ]


class rondo_forecast_stream_options(Structure):
    _fields_ = [
        ("quantiles", c_int),
        ("quantile", doubles),
        ("category", strings),
        ("paths", c_int64),
        ("seed", c_uint64),
    ]


class rondo_forecast_stream_sizes(Structure):
    _fields_ = [
        ("columns", c_int64),
        ("targets", c_int64),
        ("future_covariates", c_int64),
        ("horizon", c_int64),
        ("window", c_int64),
        ("quantiles", c_int),
    ]
