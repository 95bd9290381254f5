"""How far what is estimated may be off: quantiles, and an interval around money that is still to come.

Here: the normal, Student's t, and the lognormal. Not here: where a standard error is from (completion.py).
"""

from math import exp, log, sqrt
from statistics import NormalDist


def normal_quantile(level: float) -> float:
    """How many standard errors either way hold this share of the normal distribution: 1.645 for 0.9."""
    return NormalDist().inv_cdf((1 + level) / 2)


def student_quantile(level: float, freedom: int) -> float:
    """The same for Student's t, where the standard error itself is estimated from few.

    Source: Abramowitz and Stegun, 26.7.5, four terms: right to 0.002 from seven degrees of freedom on.
    """
    z = normal_quantile(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))


def lognormal(mean: float, variance: float, level: float) -> tuple[float, float]:
    """The bounds of an amount that can't be below 0, given its mean and variance; an amount of 0 has no width."""
    if mean <= 0 or variance <= 0:
        return mean, mean
    spread = log(1 + variance / mean**2)
    middle, reach = log(mean) - spread / 2, normal_quantile(level) * sqrt(spread)
    return exp(middle - reach), exp(middle + reach)


def is_far_off(held: int, of: int, level: float) -> bool:
    """Whether intervals held so often, or so seldom, that chance would hardly do it: beyond three standard errors."""
    return abs(held - of * level) > 3 * sqrt(of * level * (1 - level))
