"""Training steps of Niwaki and of PyTorch in turns, on the same shapes and threads; prints both rates of every round and the median of their ratios.

Build first (dotnet build -c Release), then, from the root of the repository:

    python3 benchmarks/python/compare_training.py --rounds 5 --threads 2

PyTorch is Debian's python3-torch; install libopenblas0-pthread beside it, or it multiplies with the reference BLAS.

On a machine with other work only the ratios count, and only where rounds agree.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = ROOT / "benchmarks/Niwaki.Benchmarks/bin/Release/net10.0/Niwaki.Benchmarks"
CONFIG = ROOT / "samples/novels-4m/config.json"


def rate(command, pattern):
    text = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return float(re.search(pattern, text).group(1).replace(",", ""))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--steps", type=int, default=4)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--python", default="/usr/bin/python3", help="the interpreter that has torch")
    given = arguments.parse_args()
    ratios = []
    print("| round | Niwaki, tokens/s | PyTorch, tokens/s | ratio |")
    print("| ---: | ---: | ---: | ---: |")
    for number in range(1, given.rounds + 1):
        ours = rate([OURS, "train", given.steps, given.threads, CONFIG], r"\| \d+ \| [\d,]+ \(([\d,]+)\)")
        theirs = rate(
            [given.python, ROOT / "benchmarks/python/train_step.py", CONFIG, "--threads", given.threads, "--steps", given.steps], r"(\d+) median")
        ratios.append(ours / theirs)
        print(f"| {number} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} |", flush=True)
    print(f"\nMedian of the ratios: {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}.", file=sys.stderr)


if __name__ == "__main__":
    main()
