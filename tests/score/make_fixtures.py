#!/usr/bin/env python3
"""Score fixtures from sacreBLEU: tests/score/cases.h, a table of small corpora with the scores that sacreBLEU gives them.

Hand-made segments for the odd corners, and random ones over a vocabulary of odd words, some of them mutated copies of
their reference so that blocks of words have moved. Run: python tests/score/make_fixtures.py (sacrebleu 2)."""
import os
import random

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF, TER

TOKENIZERS = ["13a", "none", "char"]
HAND = {
    "identical": [("i am a robot .", "i am a robot ."), ("the cat sat on the mat", "the cat sat on the mat")],
    "empty_outputs": [("", "the cat sat on the mat"), ("a cat", ""), ("", ""), ("the dog is there", "the dog is here")],
    "all_empty": [("", ""), ("", "")],
    "nothing_said": [("", "the cat sat"), ("  ", "on the mat")],
    "nothing_right": [("x y z u v", "a b c d e f")],
    "short": [("a b", "a b"), ("c", "c")],
    "smoothed": [("the cat is on a mat today", "the mat has a cat today on it")],
    "longer": [("the the the the the the the", "the cat is on the mat")],
    "numbers": [("It cost 1,000.50 dollars, 3-4 times.", "It cost 1,000.50 dollars; 3-4 times."),
                (".5 and 5. or 5,a and a,5 ,. 1,.2", ".5 and 5. or 5,b and a,5 .. 1,.2")],
    "punctuation": [("a..b ...c,,d (x)[y]{z} <w> \"q\" 'r' `s` don't", "a..b ...c,d (x)[y]{z} <w> \"q\" 'r' 's' don't"),
                    ("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ end")],
    "entities": [("&quot;a&quot; &amp;lt; &lt;b&gt; &amp;quot; &nbsp; AT&T", "\"a\" < <b> &quot; &nbsp; AT&T"),
                 ("x <skipped> y<skipped>z <SKIPPED>", "x y z <SKIPPED>")],
    "hyphens": [("state-of-the-art 10-year a- -b 3- -4 end-\nof line\nhere-", "state-of-the-art 10-year a- -b 3--4 endof line here-")],
    "japanese": [("私はロボットです。", "私は ロボット です 。"), ("今日は　寒い、ね！", "今日は　暑い、ね？"), ("「東京」へ行く。", "東京へ 行った。")],
    "case": [("ΟΔΟΣ ΣΑΣ. Σ ΑΣ'Α İstanbul ÉÀ ẞ ǅ", "οδος σας. σ ασ'α i̇stanbul éà ß ǆ"), ("The Cat SAT", "the cat sat")],
    "spaces": [(" a\tb  c\u00a0d\u2009e\u3000f\x1cg\u200bh \r", "a b c d e f g\u200bh")],
    "broken_utf8": [("abc\udcff d\udce3\udc81 e", "abc d\udce3\udc81 e"), ("\udcc0\udc80 x", "\udcc0 x")],
    "moves": [("c d e f a b g h i", "a b c d e f g h i"), ("b a d c f e h g", "a b c d e f g h"),
              ("x x x a b x x x", "a b x x x x x x y"), ("the mat sat on the cat today", "today the cat sat on the mat")],
    "far_lengths": [("a b", " ".join("abcdefghij"[i % 10] for i in range(120))),
                    (" ".join("abcdefghij"[i * 7 % 10] for i in range(130)), "c d e")],
    "many_moves": [(" ".join(str(i * 37 % 11) for i in range(90)), " ".join(str(i * 5 % 11) for i in range(80)))],
}
VOCABULARY = ("the The a cat dog sat on mat . , 1,000.50 don't &quot;x&quot; &amp; <skipped> well-known 3-4 U.S. a..b (x) !? "
              "ΟΔΟΣ É 私 は ロボット です 。 、 Ünï - $5 50% it's e.g., «z» 😀 ＡＢ {z} #1 / : ;").split()


def words(rnd, most):
    return [rnd.choice(VOCABULARY) for _ in range(rnd.randint(1, most))]


def mutate(rnd, sentence):
    out = list(sentence)
    for _ in range(rnd.randint(0, 5)):
        at = rnd.randrange(len(out)) if out else 0
        kind = rnd.randint(0, 3)
        if kind == 0:
            del out[at:at + 1]
        elif kind == 1:
            out.insert(at, rnd.choice(VOCABULARY))
        elif kind == 2:
            out[at:at + 1] = [rnd.choice(VOCABULARY)]
        else:
            block = out[at:at + rnd.randint(1, 5)]
            del out[at:at + len(block)]
            to = rnd.randint(0, len(out))
            out[to:to] = block
    return out


def random_corpus(seed, segments, most):
    rnd = random.Random(seed)
    pairs = []
    for _ in range(segments):
        reference = words(rnd, most)
        blank = rnd.choice([" ", " ", " ", ""])
        pairs.append((blank.join(mutate(rnd, reference)), blank.join(reference)))
    return pairs


def quoted(text):
    out = ""
    for byte in text.encode("utf-8", "surrogateescape"):
        out += chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    return f'"{out}"'


def expected(pairs):
    system, reference = [s for s, _ in pairs], [[r for _, r in pairs]]
    lines = []
    for tokenizer in TOKENIZERS:
        for lowercase in (False, True):
            score = BLEU(tokenize=tokenizer, lowercase=lowercase).corpus_score(system, reference)
            numbers = ", ".join(map(str, score.counts)), ", ".join(map(str, score.totals))
            lines.append(f"{{{score.score!r}, {score.bp!r}, {{{numbers[0]}}}, {{{numbers[1]}}}, {score.sys_len}, {score.ref_len}}}")
    chrf, ter = (metric.corpus_score(system, reference).score for metric in (CHRF(), TER()))
    return "{" + ",\n      ".join(lines) + f"}},\n     {chrf!r}, {float(ter)!r}"


def main():
    corpora = dict(HAND)
    for seed, (segments, most) in enumerate([(5, 4), (6, 12), (5, 25), (2, 60)]):
        corpora[f"random_{most}"] = random_corpus(seed, segments, most)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.h")
    with open(path, "w") as out:
        out.write(f"/* Made by make_fixtures.py with sacreBLEU {sacrebleu.__version__}: do not edit. */\n/* clang-format off */\n")
        out.write("static const corpus corpora[] = {\n")
        for name, pairs in corpora.items():
            out.write(f'    {{"{name}", {len(pairs)},\n')
            for side in range(2):
                out.write("     {" + ",\n      ".join(quoted(pair[side]) for pair in pairs) + "},\n")
            out.write(f"     {expected(pairs)}}},\n")
        out.write("};\n/* clang-format on */\n")


if __name__ == "__main__":
    main()
