"""How a tool's answers are to be read, worked out from answers: good launches and refusals as values, nothing sent.

`sorting` tells refusals from broken launches that were let in, `marking` finds what only a launched page has, each
module of `channels` looks for one place where errors stand, `naming` asks whether a tool's word names a canonical
error by itself, and `writing` puts the proposal into the text of a tool file.
"""
