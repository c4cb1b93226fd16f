"""The functions of include/rondo/*.h that the bindings call: name -> (result, arguments).

Objects (``rondo_model *``) and arrays of numbers are ``c_void_p``, so that addresses of numpy arrays go in as they are.
tests/test_headers.py compares every line with the headers."""

from __future__ import annotations

from ctypes import POINTER, c_char_p, c_double, c_int, c_int64, c_size_t, c_void_p
from typing import Any

from . import _structs as s

status = c_int
error = POINTER(s.rondo_error)
handle = c_void_p  # rondo_model *
handles = POINTER(c_void_p)  # rondo_model **
numbers = c_void_p  # const rondo_real *, const double *
tensor = POINTER(s.rondo_tensor)

FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    # status.h, context.h
    "rondo_version": (c_char_p, []),
    "rondo_build_parts": (c_char_p, []),
    "rondo_isa_available": (c_char_p, []),
    "rondo_context_create": (status, [handles, POINTER(s.rondo_context_options), error]),
    "rondo_context_destroy": (None, [handles]),
    "rondo_context_threads": (c_int, [handle]),
    "rondo_context_isa": (c_char_p, [handle]),
    # model.h
    "rondo_train": (
        status,
        [c_char_p, POINTER(s.rondo_train_options), POINTER(s.rondo_train_result), error],
    ),
    "rondo_plot_training": (status, [c_char_p, c_char_p, error]),
    "rondo_model_open": (status, [handles, handle, c_char_p, error]),
    "rondo_model_close": (None, [handles]),
    "rondo_model_task": (c_char_p, [handle]),
    "rondo_model_info": (c_char_p, [handle]),
    "rondo_model_vocabulary": (c_char_p, [handle]),
    "rondo_model_tensors": (c_int, [handle]),
    "rondo_model_tensor_name": (c_char_p, [handle, c_int]),
    "rondo_model_tensor": (tensor, [handle, c_int]),
    "rondo_model_evaluate": (status, [handle, c_int, s.strings, POINTER(s.rondo_metrics), error]),
    "rondo_model_report": (c_char_p, [handle]),
    "rondo_model_select": (status, [handle, c_char_p, error]),
    "rondo_model_apply": (status, [handle, tensor, tensor, error]),
    "rondo_model_apply_free": (None, [tensor]),
    "rondo_model_encode": (status, [handle, c_char_p, c_size_t, handles, POINTER(c_int64), error]),
    "rondo_model_decode": (status, [handle, c_int64, numbers, handles, POINTER(c_size_t), error]),
    "rondo_model_coded_free": (None, [c_void_p]),
    "rondo_model_stream_open": (status, [handles, handle, c_int64, error]),
    "rondo_model_stream_close": (None, [handles]),
    "rondo_model_stream_get_sizes": (s.rondo_model_stream_sizes, [handle]),
    "rondo_model_stream_reset": (None, [handle]),
    "rondo_model_stream_step": (status, [handle, numbers, numbers, numbers, error]),
    "rondo_model_generate": (
        status,
        [handle, POINTER(s.rondo_generate_options), s.rondo_text_fn, c_void_p, error],
    ),
    # graph.h, arrays.h
    "rondo_graph_load": (status, [handles, handle, c_char_p, POINTER(s.rondo_graph_options), error]),
    "rondo_graph_parse": (
        status,
        [handles, handle, c_char_p, c_void_p, c_size_t, POINTER(s.rondo_graph_options), error],
    ),
    "rondo_graph_destroy": (None, [handles]),
    "rondo_graph_inputs": (c_int, [handle]),
    "rondo_graph_outputs": (c_int, [handle]),
    "rondo_graph_input": (POINTER(s.rondo_graph_port), [handle, c_int]),
    "rondo_graph_output": (POINTER(s.rondo_graph_port), [handle, c_int]),
    "rondo_graph_run": (status, [handle, c_int, POINTER(s.rondo_graph_value), error]),
    "rondo_graph_result": (tensor, [handle, c_int]),
    "rondo_graph_describe": (status, [handles, c_char_p, error]),
    "rondo_graph_text_free": (None, [c_void_p]),
    "rondo_arrays_read": (status, [handles, c_char_p, error]),
    "rondo_arrays_free": (None, [handles]),
    "rondo_arrays_count": (c_int, [handle]),
    "rondo_arrays_name": (c_char_p, [handle, c_int]),
    "rondo_arrays_at": (tensor, [handle, c_int]),
    # translate.h, tag.h
    "rondo_model_translate": (
        status,
        [handle, c_int64, s.strings, POINTER(s.rondo_translate_options), POINTER(s.rondo_translation), error],
    ),
    "rondo_translation_free": (None, [POINTER(s.rondo_translation)]),
    "rondo_model_tags": (s.strings, [handle, POINTER(c_int64)]),
    "rondo_model_tag": (
        status,
        [
            handle,
            c_int64,
            POINTER(s.rondo_sentence),
            POINTER(s.rondo_tag_options),
            POINTER(s.rondo_tagging),
            error,
        ],
    ),
    "rondo_tagging_free": (None, [POINTER(s.rondo_tagging)]),
    # audio.h, classify.h, transcribe.h
    "rondo_sound_read": (status, [POINTER(s.rondo_sound), c_char_p, c_int64, error]),
    "rondo_sound_free": (None, [POINTER(s.rondo_sound)]),
    "rondo_model_labels": (s.strings, [handle, POINTER(c_int64)]),
    "rondo_model_input": (c_char_p, [handle]),
    "rondo_model_classify": (
        status,
        [handle, c_int64, POINTER(s.rondo_classify_input), POINTER(s.rondo_classification), error],
    ),
    "rondo_classifications_free": (None, [c_int64, POINTER(s.rondo_classification)]),
    "rondo_classify_stream_open": (status, [handles, handle, error]),
    "rondo_classify_stream_close": (None, [handles]),
    "rondo_classify_stream_reset": (None, [handle]),
    "rondo_classify_stream_rate": (c_int64, [handle]),
    "rondo_classify_stream_hop": (c_int64, [handle]),
    "rondo_classify_stream_feed": (c_int64, [handle, c_int64, numbers, POINTER(s.doubles)]),
    "rondo_classify_stream_finish": (None, [handle, POINTER(s.doubles)]),
    "rondo_model_transcribe": (
        status,
        [
            handle,
            c_int64,
            POINTER(s.rondo_sound),
            POINTER(s.rondo_transcribe_options),
            POINTER(s.rondo_transcript),
            error,
        ],
    ),
    "rondo_model_transcribe_files": (
        status,
        [handle, c_int64, s.strings, POINTER(s.rondo_transcribe_options), POINTER(s.rondo_transcript), error],
    ),
    "rondo_transcript_free": (None, [POINTER(s.rondo_transcript)]),
    "rondo_transcribe_stream_open": (status, [handles, handle, POINTER(s.rondo_transcribe_options), error]),
    "rondo_transcribe_stream_close": (None, [handles]),
    "rondo_transcribe_stream_reset": (None, [handle]),
    "rondo_transcribe_stream_rate": (c_int64, [handle]),
    "rondo_transcribe_stream_feed": (status, [handle, c_int64, numbers, s.strings, error]),
    "rondo_transcribe_stream_finish": (status, [handle, s.strings, error]),
    # forecast.h
    "rondo_model_forecast": (
        status,
        [handle, c_char_p, POINTER(s.rondo_forecast_options), POINTER(s.rondo_forecast), error],
    ),
    "rondo_forecast_free": (None, [POINTER(s.rondo_forecast)]),
    "rondo_forecast_plot": (status, [POINTER(s.rondo_forecast), c_int64, c_int64, c_char_p, error]),
    "rondo_forecast_stream_open": (
        status,
        [handles, handle, POINTER(s.rondo_forecast_stream_options), error],
    ),
    "rondo_forecast_stream_close": (None, [handles]),
    "rondo_forecast_stream_get_sizes": (s.rondo_forecast_stream_sizes, [handle]),
    "rondo_forecast_stream_step": (status, [handle, c_double, numbers, numbers, numbers, numbers, error]),
    "rondo_forecast_stream_reset": (None, [handle]),
}
