#!/usr/bin/env python3
"""Writes tests/golden/audio_*.safetensors: frames that librosa computes, for tests/data/test_frontend.c.

Run with a Python that has librosa (0.11), numpy, scipy and safetensors; the tests need none of them. Each file holds
`sample`, on the grid of bfloat16 so that half precision would be exact too, and `frame` (frames, width); metadata is the
configuration, by the names of rondo_audio_config. All is computed in float64.

librosa.stft puts a window that is shorter than the transform in the middle of it, Rondo at the beginning: energies are
the same, but not which samples a frame holds. So librosa.stft is asked where both lengths are equal, and otherwise
librosa.util.frame and numpy."""
import pathlib

import librosa
import numpy as np
import scipy.fft
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden"


def sound(rate, samples, seed):
    """Some tones over noise, growing and fading."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / rate
    x = 0.05 * rng.standard_normal(samples)
    for hz in rng.uniform(80, rate / 2.2, 5):
        x += rng.uniform(0.02, 0.2) * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6))
    x *= np.hanning(samples + 2)[1:-1] * 0.9 + 0.1
    bits = x.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32)


def good_size(least):
    """Even, and its half has no factors but 2, 3, 5."""
    half = (least + 1) // 2
    while True:
        rest = half
        for p in (2, 3, 5):
            while rest % p == 0:
                rest //= p
        if rest == 1:
            return 2 * half
        half += 1


def power(x, window, hop, n_fft):
    if window == n_fft:
        return np.abs(librosa.stft(x, n_fft=n_fft, hop_length=hop, window="hann", center=False)) ** 2
    frames = librosa.util.frame(x, frame_length=window, hop_length=hop)
    hann = librosa.filters.get_window("hann", window, fftbins=True)
    return np.abs(np.fft.rfft(frames * hann[:, None], n_fft, axis=0)) ** 2


def warped_bands(rate, n_fft, mels, low_hz, high_hz, warp):
    """librosa.filters.mel with its edges moved: straight to (knee, warp knee), then straight to (rate / 2, rate / 2)."""
    top = rate / 2
    knee = 0.8 * top / max(warp, 1)
    edges = np.interp(librosa.mel_frequencies(mels + 2, fmin=low_hz, fmax=high_hz), [0, knee, top], [0, warp * knee, top])
    ramps = edges[:, None] - librosa.fft_frequencies(sr=rate, n_fft=n_fft)[None]
    width = np.diff(edges)[:, None]
    bands = np.maximum(0, np.minimum(-ramps[:-2] / width[:-1], ramps[2:] / width[1:]))
    return bands * (2 / (edges[2:] - edges[:-2]))[:, None]


def slope(rows):
    """Regression over two rows before and after, the ends repeated."""
    return librosa.feature.delta(rows, width=5, order=1, mode="nearest")


def fixture(name, rate, samples, seed, window_ms=25, hop_ms=10, mels=40, coefficients=13, features="log_mel", deltas=0,
            low_hz=0, high_hz=0, preemphasis=0, warp=0):
    sample = sound(rate, samples, seed)
    x = sample.astype(np.float64)
    x = x - preemphasis * np.concatenate([[0], x[:-1]])
    window, hop = int(rate * window_ms / 1000 + 0.5), int(rate * hop_ms / 1000 + 0.5)
    n_fft = good_size(window)
    bands = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=mels, fmin=low_hz, fmax=high_hz or rate / 2, htk=False,
                                norm="slaney", dtype=np.float64)
    if warp:
        bands = warped_bands(rate, n_fft, mels, low_hz, high_hz or rate / 2, warp)
    rows = np.log(np.maximum(bands @ power(x, window, hop, n_fft), 1e-10))
    if features == "mfcc":
        rows = scipy.fft.dct(rows, axis=0, type=2, norm="ortho")[:coefficients]
    levels = [rows]
    for _ in range(deltas):
        levels.append(slope(levels[-1]))
    frame = np.concatenate(levels).T
    metadata = dict(rate=rate, window_ms=window_ms, hop_ms=hop_ms, mels=mels, coefficients=coefficients,
                    features=features, deltas=deltas, low_hz=low_hz, high_hz=high_hz, preemphasis=preemphasis)
    if warp:
        metadata["warp"] = warp
    save_file({"sample": sample, "frame": np.ascontiguousarray(frame, dtype=np.float32)}, OUT / f"audio_{name}.safetensors",
              {k: str(v) for k, v in metadata.items()})


fixture("plain", 8000, 900, 1)
fixture("deltas", 8000, 840, 2, deltas=2, mels=23, low_hz=20, preemphasis=0.97)
fixture("mfcc", 16000, 1900, 3, features="mfcc", deltas=2, low_hz=20, preemphasis=0.97)
fixture("odd_rate", 11025, 1000, 4, mels=20, low_hz=50, high_hz=4000)
fixture("wide", 44100, 2600, 5, mels=64, preemphasis=0.9)
fixture("long_hops", 8000, 1300, 6, window_ms=16, hop_ms=32, mels=12, features="mfcc", coefficients=12)
fixture("warp_up", 8000, 840, 7, mels=23, low_hz=20, warp=1.25)
fixture("warp_down", 16000, 1700, 8, mels=30, high_hz=7600, warp=0.8)
