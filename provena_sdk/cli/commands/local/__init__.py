"""Commands for this machine: the cache, the sandbox, the shell."""
