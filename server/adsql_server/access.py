"""What an endpoint asks of its caller. Every endpoint declares it: a test walks all routes.

Callers are recognised before an endpoint is reached (`adsql_server.guard`), so that no body is read for a stranger.

    @router.get("/models")
    async def models(caller: Annotated[Caller, Depends(requires(Role.READ))]) -> ...:

    @router.get("/health", dependencies=[Depends(PUBLIC)])
"""

# FastAPI reads annotations of callable objects as they are: they cannot be postponed here.
from dataclasses import dataclass

from starlette.requests import Request

from adsql_server.caller import Caller, Role
from adsql_server.problems import Forbidden, NotAuthenticated


@dataclass(frozen=True)
class Requirement:
    """A dependency that lets callers of a role pass, and returns the caller.

    Parameters
    ----------
    role
        The least role.
    operators_only
        Whether the endpoint concerns the gateway as a whole, and not one tenant.
    one_time
        Whether a password that has to be changed is enough.
    """

    role: Role
    operators_only: bool = False
    one_time: bool = False

    async def __call__(self, request: Request) -> Caller:
        """Return the caller.

        Raises
        ------
        NotAuthenticated
            If there is no credential, or none that is valid.
        Forbidden
            If the caller's role does not reach.
        """
        caller = request.state.exchange.caller
        if not isinstance(caller, Caller):
            raise NotAuthenticated(request.state.exchange.refusal)
        if caller.one_time and not self.one_time:
            raise Forbidden("the password is for one login", hint="choose another: POST /api/v1/auth/password")
        if not caller.role.includes(self.role):
            raise Forbidden(f"this needs the role {self.role}; the credential has {caller.role}")
        if self.operators_only and not caller.operates:
            raise Forbidden("this is for those who run the gateway: administrators of its first tenant")
        return caller


@dataclass(frozen=True)
class Open:
    """The declaration that anyone may call an endpoint."""

    async def __call__(self) -> None:
        """Let everyone pass."""


PUBLIC = Open()


def requires(role: Role, *, operators_only: bool = False, one_time: bool = False) -> Requirement:
    """Return a dependency that demands a role and gives the `Caller`."""
    return Requirement(role, operators_only, one_time)
