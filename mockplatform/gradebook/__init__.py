"""The gradebook: line items, the scores that tools send for them, and what comes of them (AGS 2.0)."""
