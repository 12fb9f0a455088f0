"""A Python framework whose applications are objects, served by a command or by the harness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.beginning.routing import Made, Vocabulary, applications, port_in
from conformance.beginning.serving import hints_in, served
from conformance.beginning.sources import Folder
from conformance.beginning.values import Application, Route
from conformance.beginning.versions import versions_in

__all__ = ["Framework"]


def _none(_folder: Folder, _made: Made) -> Iterable[Route]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """What one has that others have not.

    Args:
        name: as people call it.
        words: how it writes its routes.
        package: what has to be installed to serve it here.
        run: what serves `{target}` at `{port}`, after `python -m`.
        factory: the same for a function that makes an application.
        port: where it listens unless told otherwise.
        listed: the routes that an application is made with.
    """

    name: str
    words: Vocabulary
    package: str
    run: str
    factory: str
    port: int
    listed: Callable[[Folder, Made], Iterable[Route]] = _none

    def find(self, folder: Folder) -> Iterator[Application]:
        """Its applications in a folder."""
        for made, decorated in applications(folder, self.words):
            port = port_in(made.source, "run")
            way = served(folder, made, self.package, self.run, factory=self.factory, own_port=port)
            routes = (*self.listed(folder, made), *decorated)
            yield Application(
                framework=self.name,
                where=made.source.where(made.call),
                routes=routes,
                port=port or self.port,
                app=way.app,
                start=way.start,
                hints=hints_in(folder),
                versions=versions_in(folder.texts.values(), routes),
            )
