"""The bodies of entries: one frozen dataclass per kind and version, with its writer and its reader.

Nobody else knows the keys of a body. ``reading`` finds the class of a kind and version; ``form`` has the types that all
of them are made of. A released version is never changed: what must differ is a class of its own beside it.
"""
