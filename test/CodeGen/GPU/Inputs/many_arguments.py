"""Prints a pattern of N arguments: the keys below any of them.

usage: many_arguments.py N
"""

import sys

count = int(sys.argv[1])
names = [f"%a{i}" for i in range(count)]
print(f"attn.pattern @many({', '.join(f'{name}: index' for name in names)}) {{")
for i, name in enumerate(names):
    print(f"  %m{i} = attn.keys 0 to {name}")
print(f"  %m = attn.union {', '.join(f'%m{i}' for i in range(count))}")
print("  attn.yield %m\n}")
