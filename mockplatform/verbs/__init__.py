"""What an endpoint of the platform can do wrong on the wire.

Every public coroutine function of these modules is one fault verb, named as it is: its first argument is the
`WireCall` that it answers, its keyword arguments are its settings. It may let the endpoint answer and change that, or
answer itself, or give the connection up. The fault that was armed first is outermost and changes what those after it
have made.
"""
