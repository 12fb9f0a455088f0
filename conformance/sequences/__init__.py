"""Sequences of launches: what they do to a school, what is seen of them, and how they are judged and shortened."""
