"""All benchmarks together: run one after the other, compared with an earlier time, and one page that links them."""
