"""Runs attn-opt on damaged input: it must answer with a diagnostic, never with a crash.

usage: mutate.py ATTN_OPT FILE...

Takes the cases of the files (split at `// -----`), deletes, repeats, swaps and replaces words, numbers and
lines, and passes many of them to one process at a time. What still parses must also survive the passes
and a round trip through its own text. ATTN_RANDOM_CASES sets the number of cases, ATTN_RANDOM_SEED the
seed; a failing case is written out whole.
"""

import os
import random
import re
import subprocess
import sys

BATCH = 50
SEPARATOR = "\n// -----\n"
OPTIONS = ["-split-input-file", "-verify-roundtrip", "-canonicalize", "-cse", "-attn-make-kernels"]
WORDS = re.compile(r'"[^"\n]*"|[%@!^#]?[A-Za-z_][\w.$]*|-?\d+|[^\w\s]|\s+')
NUMBERS = ["0", "1", "-1", "7", "1048576", "1048577", "-9223372036854775808", "9223372036854775807",
           "18446744073709551616", "1099511627776"]
BAD_SIGNS = ("PLEASE submit a bug report", "Stack dump", "LLVM ERROR", "roundTrip", "Assertion")


def words_of(text):
    """The words of a case without its comments; blanks are words too, so that joining gives the text."""
    return WORDS.findall(re.sub(r"//[^\n]*", "", text))


def kind_of(word):
    """Words of one kind can stand for one another, so that much of what is damaged still parses."""
    if word.lstrip("-").isdigit():
        return "number"
    if word.startswith("attn."):
        return "op"
    return word[0] if word[0] in '%@!^#"' else "word" if word[0].isalpha() else "sign"


def mutate_words(rng, words, vocabulary):
    places = [i for i, word in enumerate(words) if not word.isspace()]
    if not places:
        return
    i, j = rng.choice(places), rng.choice(places)
    action = rng.randrange(12)
    if action == 0:
        del words[i]
    elif action == 1:
        words.insert(i, words[i] + " ")
    elif action == 2:
        words[i], words[j] = words[j], words[i]
    elif action == 3:
        words.insert(i, rng.choice(vocabulary) + " ")
    elif action < 7:
        numbers = [p for p in places if kind_of(words[p]) == "number"] or [i]
        words[rng.choice(numbers)] = rng.choice(NUMBERS)
    else:
        values = [p for p in places if kind_of(words[p]) in ("%", "op")]
        i = rng.choice(values) if values and action > 8 else i
        # A value of the case is more likely to be in scope than one of the vocabulary.
        source = [words[p] for p in places] if words[i][0] == "%" else vocabulary
        words[i] = rng.choice([word for word in source if kind_of(word) == kind_of(words[i])]
                              or vocabulary)


def mutate_lines(rng, words):
    lines = "".join(words).split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        del lines[i]
    elif kind == 1:
        lines.insert(j, lines[i])
    else:
        lines[i], lines[j] = lines[j], lines[i]
    return words_of("\n".join(lines))


def mutate(rng, seeds, vocabulary):
    words = list(rng.choice(seeds))
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if rng.randrange(6):
            mutate_words(rng, words, vocabulary)
        else:
            words = mutate_lines(rng, words)
    return "".join(words)


def failure_of(tool, cases):
    """What is wrong with the tool's answer to these cases, or None."""
    text = SEPARATOR.join(cases)
    try:
        done = subprocess.run([tool, *OPTIONS], input=text, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "no answer within 60 s"
    if done.returncode not in (0, 1):
        return f"exit status {done.returncode}"
    return next((f"the output says '{sign}'" for sign in BAD_SIGNS if sign in done.stderr), None)


def read_seeds(tool, files):
    """The words of every case, as it is written and, where it is valid, in the generic form too."""
    texts = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            texts.append(file.read())
        texts.append(subprocess.run([tool, "-split-input-file", "-mlir-print-op-generic", name],
                                    capture_output=True, text=True).stdout)
    cases = [words_of(case) for text in texts for case in text.split("// -----")]
    return [words for words in cases if "".join(words).strip()]


def main(tool, files):
    count = int(os.environ.get("ATTN_RANDOM_CASES", "150"))
    seed = int(os.environ.get("ATTN_RANDOM_SEED", "1"))
    rng = random.Random(seed)
    seeds = read_seeds(tool, files)
    vocabulary = sorted({word for words in seeds for word in words if not word.isspace()}) + NUMBERS
    cases = [mutate(rng, seeds, vocabulary) for _ in range(count)]

    failures = 0
    for start in range(0, count, BATCH):
        batch = cases[start:start + BATCH]
        if failure_of(tool, batch) is None:
            continue
        for case in batch:
            problem = failure_of(tool, [case])
            if problem:
                failures += 1
                print(f"=== {problem} (seed {seed}):\n{case}\n===")
    print(f"{count} damaged inputs, {failures} crashes")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
