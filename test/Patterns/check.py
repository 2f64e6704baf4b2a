"""Checks one file of patterns/ by brute force: `check.py patterns/longformer.mlir`.

The formula in the file's header is the witness: Python that knows nothing of the compiler. Against
it stand the pictures, the compiler's predicate (mask), its counts, and the tiles of its schedule.
Kernels are checked in test/Execution, proofs by the RUN line of `attn-verify`.
"""

import itertools
import sys

import numpy as np

import attn_opt as ao
from pattern_file import PatternFile, shrink

# Queries, keys, offset, key offset: square, fewer and more queries, one row, nothing, a shard,
# positions before zero.
PLACES = [
    (19, 19, None, 0),
    (7, 23, None, 0),
    (23, 7, None, 0),
    (1, 140, None, 0),
    (0, 5, None, 0),
    (5, 0, None, 0),
    (131, 150, None, 0),
    (33, 40, 60, 50),
    (20, 20, -9, -13),
]
TILES = [(16, 16), (8, 32)]


def same(what, found, expected):
    if not np.array_equal(np.asarray(found), np.asarray(expected)):
        sys.exit(f"{what}:\nexpected\n{expected}\nfound\n{found}")


def check_pictures(file, pattern):
    for picture in file.pictures:
        size = f"{file.path.name}: {picture.queries} x {picture.keys}"
        formula = file.mask(picture.queries, picture.keys, file.arguments)
        same(f"{size}: picture against formula", picture.lines, shrink(formula, picture.cell))
        same(f"{size}: pairs against formula", picture.pairs, int(np.sum(formula)))
        same(f"{size}: mask", pattern.mask(picture.queries, picture.keys), formula)
        same(f"{size}: count", pattern.count(picture.queries, picture.keys), picture.pairs)


def check_tiles(what, tiles, mask, tile):
    """A skipped tile sees nothing, and nothing but such tiles is skipped; a full tile sees all."""
    for row, column in np.ndindex(*tiles.shape):
        part = mask[row * tile[0] :, column * tile[1] :][: tile[0], : tile[1]]
        kind, place = tiles[row, column], f"{what}: tile ({row}, {column}) of {tile}"
        if (kind == 0) != (not part.any()):
            sys.exit(f"{place}: {'skipped' if kind == 0 else 'visited'}, sees {part.sum()} pairs")
        if kind == 2 and not (part.all() and part.shape[1] == tile[1]):
            sys.exit(f"{place}: full, sees {part.sum()} of {part.size} pairs")


def check_places(file, pattern, arguments):
    for sq, sk, offset, key_offset in PLACES:
        what = f"{file.path.name}: {arguments} at {sq} x {sk}, offsets {offset}, {key_offset}"
        place = {"offset": offset, "key_offset": key_offset}
        formula = np.array(file.mask(sq, sk, arguments, **place), bool).reshape(sq, sk)
        same(f"{what}: mask", pattern.mask(sq, sk, **place), formula)
        same(f"{what}: count", pattern.count(sq, sk, **place), int(formula.sum()))
        for tile in TILES:
            check_tiles(what, pattern.tiles(sq, sk, tile=tile, **place), formula, tile)


def main(path):
    file = PatternFile(path)
    pattern = ao.load(path)
    same(f"{path}: arguments", sorted(file.arguments), sorted(pattern.parameters))
    check_pictures(file, pattern(**file.arguments))
    # Those of the picture; small ones in every combination; more than there are positions.
    count = len(file.arguments)
    choices = {
        tuple(file.arguments.values()),
        (999,) * count,
        *itertools.product((0, 1, 5), repeat=count),
    }
    for values in sorted(choices):
        arguments = dict(zip(file.arguments, values))
        check_places(file, pattern(**arguments), arguments)


if __name__ == "__main__":
    main(sys.argv[1])
