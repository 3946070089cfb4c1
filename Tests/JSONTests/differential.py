#!/usr/bin/env python3
"""Compares the strictness of a JSON-RPC process with that of Python's json module, on random mutations.

    Tests/JSONTests/differential.py [--lines N] [--seed N] COMMAND [ARGUMENT ...]
    Tests/JSONTests/differential.py --lines 1000000 .build/release/stripe-customers --sandbox --ordered --database :memory:

COMMAND reads lines on standard input and prints one JSON line for each, in their order. Every line is a request whose
member "x" is a mutated JSON text; it counts as accepted unless it is answered with the error code -32700. The lines go
out 100 at a time. The random seed is printed; the same seed sends the same lines.

Python's side is made as strict as RFC 8259 and the process's contract: UTF-8 without exceptions, no NaN and Infinity,
no repeated member name, no surrogate without its partner, at most 128 levels.

Exit status: 0 when both agree on every line, 1 when they differ (each such line is printed), 2 when the process ended.
"""

import argparse
import json
import random
import subprocess
import sys

MAXIMUM_DEPTH = 128

# Their answers must fit into a pipe (64 KiB on Linux), because nothing is read before all of them are written.
LINES_AT_ONCE = 100

SEEDS = [
    rb'{"a":[1,-0.5e+3,true,false,null],"b\u00e9\ud83d\ude00":"\"\\\/\b\f\n\r\t"}',
    '{"é":"e\u0301😀\u2028\uffff\x7f","":{},"a b":[[],[[]]]}'.encode(),
    b"[0,-0,0e1,1E-2,1e400,123456789012345678901234567890,0.10]",
    rb'["\u0000\u001f\uFFFF\uDBFF\uDFFF\\u0041",""]',
    b' { "name" : "Jenny" ,\t"list" : [ 1 , 2 ] , "n" : null } ',
    # Enough members for the parser to look names up in an index.
    b"{" + b",".join(b'"k%d":%d' % (number, number) for number in range(40)) + rb',"k\u0041":40}',
    b"[" * 126 + b"1" + b"]" * 126,
    b'{"a":' * 127 + b"[]" + b"}" * 127,
    b"-12.5e-7",
    b'"text"',
    b"true",
    b"null",
]

TOKENS = [
    b'"', b"\\", b"\\u", b"\\ud83d", b"\\ude00", b"\\u00e9", b"\\x", b"\\/", b"{", b"}", b"[", b"]", b",", b":", b"0", b"00",
    b"-", b"+", b".", b"e", b"E", b"1e5", b"true", b"null", b"nul", b"NaN", b"Infinity", b"-Infinity", b" ", b"\t", b"\r",
    b"\x00", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b"\x80", b"\xbf", b"\xc0\x80", b"\xc2", b"\xc2\xa0", b"\xe0\x9f\xbf",
    b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\xed\x9f\xbf", b"\xef\xbb\xbf", b"\xef\xbf\xbf", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98\x80",
    b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xff", b"//", b"/**/", b"'", b'"a":1,', b'"a":1,"a":2', b"[[[[", b"]]]]",
]


def mutate(rng):
    """A seed with up to four changes; never with a line feed, which would end the line."""
    text = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3, 4])):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice([1, 1, 1, 2, 4, 16]))
        kind = rng.randrange(7)
        if kind == 0:
            text[at:end] = b""
        elif kind == 1:
            text[at:at] = rng.choice(TOKENS)
        elif kind == 2:
            text[at:end] = rng.choice(TOKENS)
        elif kind == 3 and at < len(text):
            text[at] ^= 1 << rng.randrange(8)
        elif kind == 4 and at < len(text):
            text[at] = rng.randrange(256)
        elif kind == 5:
            text[at:at] = text[at:end] * rng.randint(1, 3)
        else:
            other = rng.choice(SEEDS)
            start = rng.randrange(len(other))
            text[at:end] = other[start : start + rng.randint(1, 12)]
    return bytes(text).replace(b"\n", b"\r")


class Refused(ValueError):
    pass


def refuse(text):
    raise Refused(text)


def unique(members):
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        raise Refused("repeated member name")
    return dict(members)


def check(value, depth):
    if isinstance(value, str):
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            raise Refused("surrogate without its partner")
    elif isinstance(value, (dict, list)):
        if depth == MAXIMUM_DEPTH:
            raise Refused("too deep")
        for name in value if isinstance(value, dict) else ():
            check(name, depth)
        for element in value.values() if isinstance(value, dict) else value:
            check(element, depth + 1)


def is_strict_json(line):
    try:
        text = line.decode("utf-8", "strict")
        # As text, because Python refuses integers of more than 4300 digits.
        value = json.loads(
            text, strict=True, parse_constant=refuse, parse_int=lambda digits: 0, parse_float=lambda digits: 0.0,
            object_pairs_hook=unique)
        check(value, 0)
    except (ValueError, RecursionError):
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000, help="how many lines to send (20,000)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="random seed (a fresh one)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the process and its arguments")
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("a command is needed")
    print(f"seed {arguments.seed}", flush=True)

    rng = random.Random(arguments.seed)
    process = subprocess.Popen(arguments.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    accepted = different = 0
    for first in range(0, arguments.lines, LINES_AT_ONCE):
        numbers = range(first, min(first + LINES_AT_ONCE, arguments.lines))
        lines = [b'{"jsonrpc":"2.0","id":%d,"method":"ping","x":%s}' % (number, mutate(rng)) for number in numbers]
        try:
            process.stdin.write(b"".join(line + b"\n" for line in lines))
            process.stdin.flush()
            answers = [json.loads(process.stdout.readline()) for _ in lines]
        except (OSError, ValueError) as error:
            print(f"lines {numbers}: an answer is missing ({error}); seed {arguments.seed}")
            return 2
        for number, line, answer in zip(numbers, lines, answers):
            theirs = answer.get("error", {}).get("code") != -32700
            ours = is_strict_json(line)
            accepted += ours
            # What is accepted is answered under its own id, what is refused under none.
            if theirs != ours or answer.get("id") != (number if ours else None):
                different += 1
                print(f"line {number}: Python {'accepts' if ours else 'refuses'} {line!r}, answered {answer}")
    process.stdin.close()
    process.wait()
    print(f"{arguments.lines} lines, {accepted} accepted by Python, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
