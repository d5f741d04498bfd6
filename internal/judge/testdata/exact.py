#!/usr/bin/env python3
"""Works the judge's evidence out a second way, for TestEvidenceAgainstExactNumbers.

Nothing of the Go code is in it: likelihoods are products of factors, in fractions or with 60
digits, and no logarithm of a likelihood is taken. Run it to write exact.json anew.
"""
import json
import os
from decimal import Decimal as D, getcontext

getcontext().prec = 60
ALTERNATIVES = [(4, "0.03"), (7, "0.10"), (10, "0.30"), (15, "0.23"), (22, "0.27"), (38, "0.07")]
MIRRORED = [(-4, "0.15"), (-7, "0.25"), (-11, "0.40"), (-16, "0.12"), (-23, "0.08")]
FIRST, LATER = D("0.98"), D("0.006")
PASS = 7
REACH = 25


def ratio(steps):
    return (D(steps) / 10).exp()


def rising(s, n):
    out = D(1)
    for i in range(n):
        out *= s + i
    return out


def likelihood(blocks, worse_by, steps):
    """Of all blocks, for the tolerated ratio times e^(steps/10), up to a factor that all steps share."""
    out, f = D(1), ratio(steps)
    for b in blocks:
        x, a, y, n = b["x"], D(b["a"]), b["y"], D(b["b"])
        burst = D(b.get("dispersion", "1")) - 1
        if burst > 0:
            rate = D(b["rate"])
            rate = max(rate, (rate + (x + y) / (a * D(worse_by) + n)) / 2)  # more came than the past has it
            c, base = rate * D(worse_by) * a / burst * f, rate * n / burst
            out *= rising(c, x) * rising(base, y) / rising(c + base, x + y)
        else:
            q = D(worse_by) * a * f
            out *= q ** x * n ** y / (q + n) ** (x + y)
    return out


def belief(case):
    if "scale" not in case:
        return {0: D(1)}
    s, nu = D(case["scale"]), D(case["freedom"])
    w = {}
    for k in range(-REACH, REACH + 1):
        t = abs(D(k) / 10 / s)
        near = min(t, D(3))
        w[k] = (1 + near ** 2 / nu) ** (-(nu + 1) / 2) * ((near ** 2 - t ** 2) / 2).exp()
    total = sum(w.values())
    return {k: v / total for k, v in w.items()}


def evidence(case):
    blocks, r, b = case["blocks"], case["worse_by"], belief(case)
    null = sum(w * likelihood(blocks, r, k) for k, w in b.items())
    against, rest = D(0), D(1)
    for i, onset in enumerate([0] + case.get("onsets", [])):
        weight = FIRST if i == 0 else LATER
        rest -= weight
        for steps, v in ALTERNATIVES:
            bad = sum(w * likelihood(blocks[:onset], r, k) * likelihood(blocks[onset:], r, k + steps) for k, w in b.items())
            against += weight * D(v) * bad / null

    def better(bound):
        null = sum(w * likelihood(blocks, r, k + bound) for k, w in b.items())
        return sum(D(v) * sum(w * likelihood(blocks, r, k + bound + steps) for k, w in b.items()) for steps, v in MIRRORED) / null
    return against + rest, better(0), better(PASS)


def block(x, a, y, b, **more):
    return dict(x=x, a=a, y=y, b=b, **more)


CASES = [
    dict(worse_by="1.5", blocks=[block(*c)]) for c in [
        (0, 100, 0, 900), (1, 100, 0, 900), (0, 100, 1, 900), (5, 100, 0, 900), (10, 100, 9, 900), (20, 200, 20, 200),
        (100, 1000, 100, 1000), (0, 5000, 50, 45000), (12, 5000, 45, 45000), (60, 20000, 180, 180000), (90, 100, 5, 100)]
] + [
    dict(worse_by=r, scale=s, freedom=nu, blocks=[block(*c)]) for r, s, nu, c in [
        ("1.5", "0.316", "16", (12, 1200, 11, 10800)), ("1.1", "0.316", "16", (12, 1200, 11, 10800)), ("1", "0.05", "200", (30, 3000, 100, 27000)),
        ("3", "0.2", "24", (7, 33, 1, 167)), ("1.3", "0.7", "4", (40, 400, 10, 400)), ("1.5", "0.1", "30", (3, 5000, 90, 45000))]
] + [
    dict(worse_by=r, scale=s, freedom="16", blocks=[block(*c, dispersion=phi, rate=rate)]) for r, s, phi, rate, c in [
        ("1.5", "0.316", "8", "0.01", (40, 1000, 90, 9000)), ("1.1", "0.1", "1.5", "0.002", (9, 500, 9, 4500)), ("1.5", "0.2", "40", "0.05", (300, 1000, 450, 9000)),
        ("2", "0.316", "3", "0.001", (2, 700, 0, 6300))]
] + [
    dict(worse_by="1.5", onsets=[1, 2], blocks=[block(1, 100, 2, 900), block(4, 120, 1, 800), block(6, 90, 3, 950)]),
    dict(worse_by="1.3", scale="0.3", freedom="20", onsets=[2], blocks=[block(3, 1000, 9, 9000), block(1, 1000, 11, 9000), block(15, 1000, 8, 9000)]),
    dict(worse_by="1.1", scale="0.316", freedom="16", onsets=[1], blocks=[
        block(2, 1000, 20, 9000, dispersion="4", rate="0.002"), block(30, 1000, 15, 9000, dispersion="4", rate="0.002")]),
]

if __name__ == "__main__":
    for case in CASES:
        against, favour, passing = evidence(case)
        case["against"], case["favour"], case["pass"] = "%.17g" % against.ln(), "%.17g" % favour.ln(), "%.17g" % passing.ln()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exact.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(" " + json.dumps(c) for c in CASES) + "\n]\n")
