"""The rules' own tests need nothing of the product's: neither Django nor a database."""

import hypothesis

# For mutants, thousands of times: the same few examples each time. docs/mutation.md
hypothesis.settings.register_profile(
    "mutants", max_examples=30, derandomize=True, database=None, deadline=None
)
