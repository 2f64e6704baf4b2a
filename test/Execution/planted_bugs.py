"""The bugs that test_gpu_mutations plants into kernels, and what the emulator has to say of each.

A bug is named by what is missing or wrong, and where. Left out is what is no bug at all:

- the wait for buffers of values in an item without keys: that for its queries has seen to them;
- keys of the next scores, and the last values, released before their wait: what overwrites them
  waits for more than that;
- the fence before the next output: no register has changed since the one before the next scores;
- offsets of panels in descriptors of queries and keys: their layout has no use for them;
- sizes of copies of rows that do not exist: their addresses are those of rows that do.
"""

from collections.abc import Callable
from typing import NamedTuple

from ptx_edit import Ptx

# What the emulator reports; where several can come first, the interleaving decides.
RACE = "race: "
DEADLOCK = "deadlock in CTA"
IN_FLIGHT = "reads accumulator .* of a wgmma in flight"
TOO_EARLY = "completed its phase before the bytes of this copy arrived|race: "
OUTSIDE = "is outside|is past the"
WRONG = "wrong result"
# A warp is too far ahead of another.
AHEAD = "race: |too many arrivals|an operand changed before a wait_group"
LOST = f"{AHEAD}|{DEADLOCK}"
# An operand of wgmma is not where it is looked for.
MISREAD = f"{WRONG}|{OUTSIDE}|race: |an operand changed before a wait_group"

Place = Callable[[Ptx], int]
Plant = Callable[[Ptx], None]


class Bug(NamedTuple):
    name: str
    report: str
    plant: Plant
    # It shows where the only tile of keys is not whole.
    is_short: bool = False


BRANCH = r"@%p\d+ bra"


def line(pattern, index=0, of=1) -> Place:
    return lambda ptx: ptx.one(pattern, index, of)


def at_barrier(pattern, *site) -> Place:
    return lambda ptx: ptx.barrier(pattern, *site)


def behind(pattern, place) -> Place:
    return lambda ptx: ptx.next(pattern, place(ptx))


def ahead_of(pattern, place) -> Place:
    return lambda ptx: ptx.previous(pattern, place(ptx))


def target_of(branch) -> Place:
    return lambda ptx: ptx.label(branch(ptx))


def delete(place) -> Plant:
    return lambda ptx: ptx.delete(place(ptx))


def replace(place, pattern, by) -> Plant:
    return lambda ptx: ptx.replace(place(ptx), pattern, by)


def move_before(place, other) -> Plant:
    return lambda ptx: ptx.move_before(place(ptx), other(ptx))


def move_behind(place, other) -> Plant:
    return lambda ptx: ptx.move_behind(place(ptx), other(ptx))


# Both targets


def swap_pairs(begin, end, of) -> Plant:
    """Conversions of two numbers have their operands swapped."""
    pair = r"(cvt\.rn\.f16x2\.f32 \s*%r\d+), (%r\d+), (?!\2)(%r\d+);"

    def plant(ptx):
        for number in ptx.some(pair, begin, end, of):
            ptx.replace(number, pair, r"\1, \3, \2;")

    return plant


def shuffle_others(count) -> Plant:
    """Rows are reduced over lanes of other rows."""

    def plant(ptx):
        for number in ptx.some(r"shfl\.sync\.bfly.*, 2, 31, -1;", 0, count, count):
            ptx.replace(number, ", 2, 31", ", 4, 31")

    return plant


def lift_mask(keys, index=0, of=1) -> Plant:
    """All keys of a tile count as existing."""
    # The number of a lane's last column, plus 1.
    return replace(line(rf"min\.s32 .*, {keys - 6};", index, of), r"min\.", "max.")


# sm_80

WAIT, SYNC = r"cp\.async\.wait_group", r"bar\.sync"
COPY, COMMIT = r"cp\.async\.cg", r"cp\.async\.commit_group"


def copy_behind_the_end(index) -> Plant:
    """Rows count as existing."""

    def plant(ptx):
        size = ptx.word(r", 16, (%r\d+);", ptx.one(COPY, 2 * index, 10))
        exists = ptx.definition(ptx.word(r", (%p\d+);", ptx.definition(size)))
        ptx.replace(exists, r"setp\.lt(\.s32 \s*%p\d+, (%r\d+)), %r\d+;", r"setp.eq\1, \2;")

    return plant


def ampere_bugs():
    for i, what in enumerate(("keys", "values")):
        wait, sync = line(WAIT, i, 2), line(SYNC, i, 2)
        yield Bug(f"no-wait-for-{what}", RACE, delete(wait))
        yield Bug(f"weak-wait-for-{what}", RACE, replace(wait, "0;", "1;"))
        yield Bug(f"wait-for-{what}-behind-the-barrier", RACE, move_behind(wait, sync))
        yield Bug(f"no-barrier-for-{what}", RACE, delete(sync))
    yield Bug("values-copied-before-the-barrier", RACE,
              move_behind(line(SYNC, 0, 2), line(COMMIT, 1, 3)))
    yield Bug("keys-copied-before-the-barrier", RACE,
              move_behind(line(SYNC, 1, 2), target_of(behind(BRANCH, line(SYNC, 1, 2)))))
    groups = ("first-keys", "values", "next-keys")
    for i, what in enumerate(groups):
        commit, last = line(COMMIT, i, 3), line(COPY, 5 + 2 * i, 10)
        yield Bug(f"no-commit-of-{what}", RACE, delete(commit))
        yield Bug(f"commit-before-the-last-of-{what}", RACE, move_before(commit, last))
    for i, what in enumerate(("first-queries", "last-queries", *groups)):
        yield Bug(f"{what}-behind-the-end", OUTSIDE, copy_behind_the_end(i))
    for i in (0, 15):
        yield Bug(f"values-not-transposed-{i}", WRONG,
                  replace(line(r"ldmatrix\S*\.trans", i, 16), r"\.trans", ""))
    for i in (1, 19):
        yield Bug(f"keys-transposed-{i}", WRONG,
                  replace(line(r"ldmatrix\S*x4\.shared", i, 20), "x4", "x4.trans"))
    yield Bug("no-mask-behind-the-last-key", WRONG, lift_mask(64))
    yield Bug("outputs-swapped", WRONG, swap_pairs(0, 16, 32))
    yield Bug("weights-swapped", WRONG, swap_pairs(16, 32, 32))
    yield Bug("other-rows-shuffled", WRONG, shuffle_others(8))


# sm_90a: mbarriers. Where each is waited for, arrived at and told its bytes; "none" is the way of
# an item without keys, "end" that of the word that there is no item.

TRY, ARRIVE = r"mbarrier\.try_wait", r"mbarrier\.arrive\.shared"
EXPECT = r"mbarrier\.arrive\.expect_tx"
WAITS = {
    "queryFull": ("item",),
    "queryEmpty": ("item", "none", "end"),
    "keyFull": ("first", "next"),
    "keyEmpty": ("tile", "none"),
    "valueFull": ("none", "next", "last"),
    "valueEmpty": ("tile", "none"),
}
ARRIVALS = {
    "queryFull": ("end",),
    "queryEmpty": ("item",),
    "keyFull": ("none",),
    "keyEmpty": ("none", "first", "next"),
    "valueFull": ("none",),
    "valueEmpty": ("next", "last"),
}
BYTES = {"queryFull": ("item", "none"), "keyFull": ("tile",), "valueFull": ("tile",)}
FULL = ("queryFull", "keyFull[0]", "keyFull[1]", "valueFull[0]", "valueFull[1]")
EMPTY = ("queryEmpty", "keyEmpty[0]", "keyEmpty[1]", "valueEmpty[0]", "valueEmpty[1]")


def sites(table, pattern):
    for name, places in table.items():
        for i, place in enumerate(places):
            yield f"{name}-{place}", at_barrier(pattern, name, i, len(places))


def init(name) -> Place:
    return lambda ptx: ptx.init(name)


def beside_keys(index) -> Place:
    """Where the loader stores the word."""
    return lambda ptx: ptx.beside_keys(r"st\.shared", index, 2)


def keep_parity(wrap) -> Plant:
    """The parity stays when the ring is at its end."""

    def plant(ptx):
        is_end = ptx.word(r"(%p\d+), ", wrap(ptx))
        ptx.replace(ptx.one(rf"selp\.b32 .*, 1, 0, {is_end};"), ", 1, 0,", ", 0, 0,")

    return plant


def mbarrier_bugs():
    pattern, skipped = r"mbarrier\S+ (%p\d+), .*, (%r\d+);", r"setp.eq.b32 \1, \2, \2;"
    parity, flipped = r"(mbarrier.*), (%r\d+);", r"{ .reg .b32 p; xor.b32 p, \2, 1; \1, p; }"
    for site, wait in sites(WAITS, TRY):
        if site != "valueEmpty-none":
            yield Bug(f"no-wait-for-{site}", LOST, replace(wait, pattern, skipped))
        yield Bug(f"other-parity-of-{site}", LOST, replace(wait, parity, flipped))
    for site, arrival in sites(ARRIVALS, ARRIVE):
        yield Bug(f"no-arrival-at-{site}", DEADLOCK, delete(arrival))
    guard = ahead_of(BRANCH, at_barrier(ARRIVE, "keyEmpty", 2, 3))
    yield Bug("arrival-of-every-lane", LOST, delete(guard))
    yield Bug("loads-of-every-lane", AHEAD, delete(behind(BRANCH, line(r"elect\.sync"))))
    for name in FULL:
        yield Bug(f"2-arrivals-at-{name}", DEADLOCK, replace(init(name), r"%r\d+", "2"))
    for name in EMPTY:
        yield Bug(f"7-arrivals-at-{name}", LOST, replace(init(name), r"%r\d+", "7"))
        yield Bug(f"9-arrivals-at-{name}", DEADLOCK, replace(init(name), r"%r\d+", "9"))
    size = 128 * 128 * 2
    for site, expect in sites(BYTES, EXPECT):
        yield Bug(f"no-bytes-of-{site}", TOO_EARLY,
                  replace(expect, r"\.expect_tx(.*), %r\d+;", r"\1;"))
        yield Bug(f"half-the-bytes-of-{site}", TOO_EARLY,
                  replace(expect, r", %r\d+;", f", {size // 2};"))
        yield Bug(f"twice-the-bytes-of-{site}", DEADLOCK,
                  replace(expect, r", %r\d+;", f", {size * 2};"))
    yield Bug("no-fence-behind-init", "missing fence", delete(line(r"fence\.mbarrier_init")))
    yield Bug("no-barrier-behind-init", "race: uses mbarrier|there is no mbarrier",
              delete(line(r"bar\.sync\s+0;")))
    for i, place in enumerate(("next", "item", "tile", "none")):
        wrap = line(r"setp\.eq\.b32 .*, 2;", i, 4)
        yield Bug(f"no-wrap-of-stage-{place}", f"{OUTSIDE}|{LOST}", replace(wrap, ", 2;", ", 3;"))
        yield Bug(f"no-flip-of-parity-{place}", LOST, keep_parity(wrap))
    for i, place in enumerate(("computing", "loading")):
        yield Bug(f"no-flip-of-query-parity-{place}", LOST,
                  replace(line(r"xor\.b32 \s*(%r\d+), \1, 1;", i, 2), ", 1;", ", 0;"))


def told_bugs():
    """What the loader tells the others is there too late."""
    barrier = line(r"bar\.sync\s+0;")
    yield Bug("order-of-items-behind-barrier", RACE,
              move_behind(ahead_of(r"st\.shared", barrier), barrier))
    # Only the tile: the rest of an item is read behind later waits.
    for i, place in enumerate(("item", "none")):
        arrival = at_barrier(EXPECT, "queryFull", i, 2)
        yield Bug(f"item-behind-arrival-{place}", RACE,
                  move_behind(ahead_of(r"st\.shared\.v2", arrival), arrival))
    arrival = at_barrier(ARRIVE, "queryFull")
    yield Bug("item-behind-arrival-end", RACE,
              move_behind(ahead_of(r"st\.shared", arrival), arrival))
    yield Bug("word-behind-arrival-tile", RACE,
              move_behind(beside_keys(0), at_barrier(EXPECT, "keyFull")))
    yield Bug("word-behind-arrival-none", RACE,
              move_behind(beside_keys(1), at_barrier(EXPECT, "queryFull", 1, 2)))


# sm_90a: wgmma. Loops are laid out with their end before their beginning.

PRODUCTS = ("first-scores", "next-scores", "next-output", "last-output")
PRODUCT_WAITS = ("first-scores", "next-output", "next-scores", "last-output")
OPERANDS = ("queries", "first-keys", "next-keys", "next-values", "last-values")

# Of LowerWgmma.cpp, for panels of 128 rows of 128 bytes.
SWIZZLE, STRIDE, PANEL = 1 << 62, 64 << 32, 1024 << 16
DESCRIPTOR = SWIZZLE + STRIDE + PANEL


def weaken(wait) -> Plant:
    def plant(ptx):
        pending = int(ptx.word(r"aligned (\d);", wait(ptx)))
        ptx.replace(wait(ptx), r"\d;", f"{pending + 1};")

    return plant


def touch_before(wait, commit, pattern, instruction) -> Plant:
    """The register that the pattern finds in the last wgmma before a commit is used too early."""

    def plant(ptx):
        register = ptx.word(pattern, ptx.previous(r"wgmma\.mma_async", commit(ptx)))
        ptx.before(wait(ptx), "{ .reg .b32 early; " + instruction.format(register) + " }")

    return plant


def wgmma_bugs():
    for i, what in enumerate(PRODUCTS):
        commit = line(r"wgmma\.commit_group", i, 4)
        wait = line(r"wgmma\.wait_group", PRODUCT_WAITS.index(what), 4)
        if what != "next-output":
            yield Bug(f"no-fence-before-{what}",
                      "no wgmma.fence" if i == 0 else "was accessed after the last wgmma.fence",
                      delete(line(r"wgmma\.fence", i, 4)))
        yield Bug(f"no-commit-of-{what}", IN_FLIGHT, delete(commit))
        yield Bug(f"no-wait-for-{what}", IN_FLIGHT, delete(wait))
        yield Bug(f"weak-wait-for-{what}", IN_FLIGHT, weaken(wait))
        yield Bug(f"{what}-read-before-wait", IN_FLIGHT,
                  touch_before(wait, commit, r" \{(%r\d+),", "mov.b32 early, {0};"))
        if what.endswith("output"):
            yield Bug(f"weights-written-before-wait-for-{what}", "which a wgmma in flight uses",
                      touch_before(wait, commit, r"\}, \{(%r\d+),", "mov.b32 {0}, 0;"))
        if what in ("first-scores", "next-output"):
            yield Bug(f"release-before-wait-for-{what}", AHEAD,
                      move_behind(wait, target_of(behind(BRANCH, wait))))
    for i, what in enumerate(("first", "next")):
        step = line(r"setp\.ne\.b32 p, 0, 0;", i, 2)
        yield Bug(f"{what}-scores-added-to-others", WRONG, replace(step, "p, 0", "p, 1"))
        yield Bug(f"{what}-scores-without-first-step", WRONG,
                  replace(behind(r"setp\.ne\.b32 p, 1, 0;", step), "p, 1", "p, 0"))
    for i, what in enumerate(("next", "last")):
        step = line(r"db, 1, 1, 1, 1;", 8 * i, 16)
        yield Bug(f"{what}-output-not-added", WRONG, replace(step, "db, 1", "db, 0"))
        yield Bug(f"{what}-values-not-transposed", WRONG, replace(step, "1, 1;", "1, 0;"))
    for i, what in enumerate(OPERANDS):
        changes = {"other-swizzle": SWIZZLE, "no-swizzle": -SWIZZLE, "half-stride": -STRIDE // 2}
        if what.endswith("values"):
            changes["half-panels"] = -PANEL // 2
        for name, change in changes.items():
            yield Bug(f"{name}-of-{what}", MISREAD,
                      replace(line(f", {DESCRIPTOR};", i, 5), f"{DESCRIPTOR};",
                              f"{DESCRIPTOR + change};"))


# sm_90a: the rest


def output_bugs():
    read = line(r"cp\.async\.bulk\.wait_group\.read")
    fence = line(r"fence\.proxy\.async")
    yield Bug("no-barrier-before-output", RACE, delete(line(r"bar\.sync\s+%r\d+, 128;")))
    yield Bug("no-proxy-fence", r"missing fence\.proxy\.async", delete(fence))
    yield Bug("store-before-other-lanes-wrote", RACE, delete(behind(r"bar\.warp\.sync", fence)))
    yield Bug("no-commit-of-store", "race: |before a wait_group for this store",
              delete(line(r"cp\.async\.bulk\.commit_group")))
    yield Bug("no-wait-for-read", AHEAD, delete(read))
    yield Bug("weak-wait-for-read", AHEAD, replace(read, "0;", "1;"))
    yield Bug("release-before-read", AHEAD, move_before(at_barrier(ARRIVE, "queryEmpty"), read))
    # The store would overwrite rows that have been computed again.
    yield Bug("no-wait-before-repair", WRONG, delete(line(r"cp\.async\.bulk\.wait_group\s")))
    yield Bug("no-mask-behind-the-last-key-first", WRONG, lift_mask(128, 0, 2), is_short=True)
    yield Bug("no-mask-behind-the-last-key-next", WRONG, lift_mask(128, 1, 2))
    for i, what in enumerate(("first-weights", "next-weights", "outputs")):
        yield Bug(f"{what}-swapped", WRONG, swap_pairs(32 * i, 32 * i + 32, 96))
    yield Bug("other-rows-shuffled", WRONG, shuffle_others(10))


def role_bugs():
    start, turn = line(r"bar\.arrive", 0, 2), line(r"bar\.arrive", 1, 2)
    yield Bug("nobody-goes-first", DEADLOCK, delete(start))
    yield Bug("no-turn-given", DEADLOCK, delete(turn))
    yield Bug("no-turn-taken", "has arrived already", delete(line(r"bar\.sync\s+%r\d+, 256;")))
    yield Bug("turn-given-and-awaited", DEADLOCK, replace(turn, r"bar\.arrive", "bar.sync"))
    dec, inc = line(r"setmaxnreg\.dec"), line(r"setmaxnreg\.inc")
    yield Bug("no-registers-released", DEADLOCK, delete(dec))
    yield Bug("too-few-registers-released", DEADLOCK, replace(dec, "72;", "80;"))
    yield Bug("too-many-registers-taken", DEADLOCK, replace(inc, "216;", "224;"))

    def swap(ptx):
        # Those that compute keep fewer than a product needs.
        loading, computing = dec(ptx), inc(ptx)
        ptx.replace(loading, r"dec(.*\s)72;", r"inc\g<1>216;")
        ptx.replace(computing, r"inc(.*\s)216;", r"dec\g<1>56;")

    yield Bug("registers-swapped", "a wgmma with 64 registers, of a warp that has 56", swap)


BUGS = {
    "sm_80": [*ampere_bugs()],
    "sm_90a": [
        *mbarrier_bugs(), *told_bugs(), *wgmma_bugs(), *output_bugs(), *role_bugs()
    ],
}
