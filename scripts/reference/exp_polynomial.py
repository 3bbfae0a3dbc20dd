"""Coefficients of the exponential in src/Niwaki/Kernels/Cpu/VectorMath.cs.

Remez exchange for exp(r) = 1 + r + r^2 (C0 + C1 r + ... + C4 r^4), |r| <= ln(2)/2, smallest largest relative error.
Needs mpmath. Prints the coefficients and the error.
"""
from mpmath import cos, exp, log, lu_solve, matrix, mp, mpf, nstr, pi

mp.dps = 40
COUNT = 5
RADIUS = log(2) / 2 * mpf("1.0005")  # a little more: the rounding of n moves r over the edge


def target(r):
    return (exp(r) - 1 - r) / r**2 if r else mpf(1) / 2


def weight(r):
    return r**2 / exp(r)


def error(coefficients, r):
    return (sum(c * r**j for j, c in enumerate(coefficients)) - target(r)) * weight(r)


def extrema(coefficients):
    found = []
    for k in range(4001):
        r = RADIUS * (2 * mpf(k) / 4000 - 1)
        e = error(coefficients, r)
        if found and (e > 0) == (found[-1][1] > 0):
            if abs(e) > abs(found[-1][1]):
                found[-1] = (r, e)
        elif e:
            found.append((r, e))
    while len(found) > COUNT + 1:
        found.pop(0 if abs(found[0][1]) < abs(found[-1][1]) else -1)
    return found


def main():
    points = [-RADIUS * cos(pi * (2 * i + 1) / (2 * (COUNT + 1))) for i in range(COUNT + 1)]
    while True:
        a, b = matrix(COUNT + 1, COUNT + 1), matrix(COUNT + 1, 1)
        for i, r in enumerate(points):
            for j in range(COUNT):
                a[i, j] = r**j
            a[i, COUNT] = (-1) ** i / weight(r)
            b[i] = target(r)
        solution = lu_solve(a, b)
        coefficients = [solution[j] for j in range(COUNT)]
        found = extrema(coefficients)
        largest = max(abs(e) for _, e in found)
        if largest - min(abs(e) for _, e in found) < mpf("1e-13"):
            break
        points = [r for r, _ in found]
    print([nstr(c, 12) for c in coefficients], nstr(largest, 3))


main()
