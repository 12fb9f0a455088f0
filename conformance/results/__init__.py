"""What a team does with results: compares them, waives failures, keeps a baseline.

`waivers` says which failure a waiver fits, `waiving` makes and drops waivers, and `waiver_text` writes them into a tool
file. `comparing` sets two runs side by side, `catalogued` knows both by today's ids, and `comparison_text` tells it.
"""
