"""Choosing one's password by a one-time link. Nobody is signed in here, and nobody is signed in by it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts import repository
from app.accounts.links import person_of_link, use_link
from app.accounts.pages import ChoosePasswordPage
from app.accounts.passwords import MINIMUM_LENGTH, check_new_password, hash_password
from app.audit.sampled import journal_of
from app.errors import InvalidInputError, NotFoundError
from app.models import User
from app.platform.authorising import AuthorisedRoute
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.platform.request_session import TransactionsDep
from app.web.templating import render

router = APIRouter(prefix="/invitation/{secret}", route_class=AuthorisedRoute)

PasswordForm = Annotated[str, Form(max_length=1000)]


def _person(request: Request, transactions: Transactions, secret: str) -> tuple[User, list[str]]:
    """Whose link it is, and the laboratories where she works; a link that opens nothing is journaled without it."""
    try:
        with transactions.reading() as session:
            user = person_of_link(session, secret)
            laboratories = [laboratory.name for _, laboratory in repository.memberships_of(session, user.id or 0)]
    except NotFoundError:
        address = request.client.host if request.client else ""
        journal_of(request).tell("user.refuse_link", address, actor_label="visiteur", address=address)
        raise
    return user, laboratories


def _page(request: Request, user: User, problem: str = "", status: int = 200) -> Response:
    page = ChoosePasswordPage(
        title="Choisir mon mot de passe", email=user.email, minimum_length=MINIMUM_LENGTH, problem=problem
    )
    return render(request, "accounts/choose_password.html", page, status_code=status)


@router.get("")
def show_link(request: Request, transactions: TransactionsDep, secret: str) -> Response:
    """The form. To look at a link does not use it: mail programs do so before its owner."""
    return _page(request, _person(request, transactions, secret)[0])


@router.post("")
def do_use_link(
    request: Request,
    transactions: TransactionsDep,
    secret: str,
    nouveau: PasswordForm = "",
    confirmation: PasswordForm = "",
) -> Response:
    """Keep the password; its owner then signs in with it, like everybody."""
    user, laboratories = _person(request, transactions, secret)
    try:
        if nouveau != confirmation:
            raise InvalidInputError("Les deux saisies du mot de passe diffèrent.")
        check_new_password(nouveau, user.email, laboratories)
    except InvalidInputError as error:
        return _page(request, user, error.message, error.status_code)
    forbid_open_transaction("hash a password")
    password_hash = hash_password(nouveau)
    with transactions.writing() as session:
        use_link(session, secret, password_hash)
    return RedirectResponse("/connexion?fait=mot-de-passe", status_code=303)
