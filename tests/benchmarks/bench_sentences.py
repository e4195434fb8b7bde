"""How long a sentence takes that no form fits: prints, and fails beyond its limit.

Run it from the root of the repository: `python -m tests.benchmarks.bench_sentences`. "First" is with the sentences read
and indexed, which the first such line of a run pays for.
"""

from __future__ import annotations

import sys
import time
from statistics import quantiles

from irisops.engine import plain_words
from irisops.engine.ranking import Ranker
from tests.engine.understanding import REGISTRY, corpus, known

LIMIT = 5.0
"""Milliseconds of processor that a sentence may take on a 2-core machine, 99 of 100."""


def main() -> int:
    """Measure the sentences of the corpus."""
    began = time.process_time()
    ranker = Ranker(REGISTRY)
    print(f"first     {(time.process_time() - began) * 1000:6.1f} ms once")
    sentences = [plain_words.tidy(each.text) for each in corpus("building")]
    took = []
    for sentence in sentences:
        began = time.process_time()
        ranker.rank(sentence, known)
        took.append((time.process_time() - began) * 1000)
    median, worst = quantiles(took, n=100)[49], quantiles(took, n=100)[98]
    print(f"sentence  {median:6.1f} ms median, {worst:.1f} ms for 99 of 100 (limit {LIMIT:.0f})")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
