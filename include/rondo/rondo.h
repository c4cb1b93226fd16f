/* Rondo: recurrent sequence models in C. This header is the tour, from the shortest way to the longest.
 *
 *   1. model.h        one call: rondo_train("recipe.yaml", ...), rondo_model_open, rondo_model_generate
 *   2. translate.h    lines in, lines out by an encoder-decoder, and how good they are
 *      tag.h          words in, labels out by a tagger
 *   3. nn.h           parameters, recurrent stacks, streaming: build your own model of Rondo's layers
 *   4. seq2seq.h      encoder-decoders: train on pairs, write one symbol at a time
 *   5. transformer.h  the Transformer, as encoder, as decoder or as both
 *   6. search.h       which sequence does a model find likeliest? greedy, beam, sampling, ensembles
 *   7. optim.h        move its parameters: SGD, Adam, AdamW, RMSprop, Adagrad
 *   8. cells.h        the four cells as operators over whole batches of sequences
 *   9. attention.h    attention as an operator and as a layer, coverage, pointer-generator
 *  10. ops.h          the generic operators, losses, gradient check
 *  11. tape.h         the tape that all operators record on
 *  12. op.h           describe an operator of your own
 *  13. score.h        BLEU, chrF, TER, error rates and the paired bootstrap, for any texts
 *  14. plot.h         lines, bars, bands and heatmaps as PNG and SVG
 *  15. audio.h        sound files, log-mel and MFCC frames, whole or as a stream
 *  16. losses.h       losses of forecasts: points, quantiles, distributions
 *  17. ctc.h, crf.h   losses and decoding over all alignments, over all label paths
 *  18. classify.h     a label for a recording, a text or a series, also while it is being made
 *  19. forecast.h     time series: a table in, its continuation out; or row by row
 *  20. series_score.h, label_score.h   scores of forecasts and of labels
 *      quantise.h     weights rounded for use: int8 and bf16 files
 *  21. graph.h        run ONNX models of other makers on arrays; arrays.h: .npy, .npz and .safetensors files
 *  22. import.h       models of PyTorch, Keras and ONNX become Rondo's, and go back to PyTorch
 *  23. inspect.h      look inside a trained model; report.h: all of it as one HTML file
 * and below them context.h (threads, instruction set), tensor.h, status.h. */
#ifndef RONDO_RONDO_H
#define RONDO_RONDO_H

#include "rondo/arrays.h"
#include "rondo/attention.h"
#include "rondo/audio.h"
#include "rondo/cells.h"
#include "rondo/classify.h"
#include "rondo/context.h"
#include "rondo/crf.h"
#include "rondo/ctc.h"
#include "rondo/deploy.h"
#include "rondo/forecast.h"
#include "rondo/graph.h"
#include "rondo/import.h"
#include "rondo/inspect.h"
#include "rondo/label_score.h"
#include "rondo/losses.h"
#include "rondo/model.h"
#include "rondo/nn.h"
#include "rondo/op.h"
#include "rondo/ops.h"
#include "rondo/optim.h"
#include "rondo/plot.h"
#include "rondo/quantise.h"
#include "rondo/report.h"
#include "rondo/score.h"
#include "rondo/search.h"
#include "rondo/seq2seq.h"
#include "rondo/series_score.h"
#include "rondo/status.h"
#include "rondo/tag.h"
#include "rondo/tape.h"
#include "rondo/tensor.h"
#include "rondo/transcribe.h"
#include "rondo/transformer.h"
#include "rondo/translate.h"

#endif
