"""How platforms differ though all speak LTI: quirks, flavours made of them, and the dialect that a tenant speaks."""
