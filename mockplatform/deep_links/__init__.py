"""Deep linking there and back: what a tool returns is checked, and what it brings is placed (Deep Linking 2.0)."""
