"""How likely it is that an office received so few contacts: pure, in words on the page.

Contacts are counted as a Poisson variable: they come one by one, each by itself, at a rate. The expected number of a week is
the mean of the Gamma posterior of that rate (A. Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6: Poisson model with
a conjugate Gamma prior, "exposure" being weeks): the prior is what an office of this size would receive at the company's rate
per household, weighing as much as PRIOR_WEEKS weeks, and the data are the office's own last weeks:

    expected = (PRIOR_WEEKS * households * company rate + own contacts) / (PRIOR_WEEKS + own weeks)

so an office without a history is expected to receive the company's rate per household, and one with a long history its own.
The probability is the lower tail of the Poisson distribution (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.6.19):

    P(X <= received) = sum over k = 0..received of exp(-expected) * expected^k / k!
"""

import math

PRIOR_WEEKS = 4
HISTORY_WEEKS = 26


def expected_contacts(
    *, households: int, own_contacts: int, own_weeks: int, company_contacts: int, company_household_weeks: int
) -> float:
    """How many contacts a week should bring; 0.0 where the company has no history either."""
    rate = company_contacts / company_household_weeks if company_household_weeks else 0.0
    return (PRIOR_WEEKS * households * rate + own_contacts) / (PRIOR_WEEKS + own_weeks)


def probability_of_at_most(received: int, expected: float) -> float:
    """The Poisson probability of `received` contacts or fewer when `expected` are expected; 1.0 when none are."""
    if expected <= 0:
        return 1.0
    terms = (math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(received + 1))
    return min(1.0, math.fsum(terms))
