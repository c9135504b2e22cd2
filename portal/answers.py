"""JSON out, JSON in: the shapes of the API in one strict decoder."""

import re
from typing import TypeVar
from urllib.parse import quote

import msgspec
from aiohttp import web

from portal.failures import BadRequest
from portal.guard import read_json

T = TypeVar("T")

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._-]")


def json_answer(content: object, status: int = 200) -> web.Response:
    """An answer in JSON."""
    return web.Response(body=msgspec.json.encode(content), status=status, content_type="application/json")


async def json_body(request: web.Request, shape: type[T]) -> T:
    """The request's body in that shape. Raises BadRequest that says which part is wrong."""
    try:
        return msgspec.json.decode(await read_json(request), type=shape)
    except msgspec.ValidationError as error:
        raise BadRequest(f"The body is not as expected: {error}.", code="bad_shape") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest("The body is not JSON.", code="not_json") from error


def see_other(path: str) -> web.Response:
    """After a form: on to a page, which a reload then does not send again."""
    return web.Response(status=303, headers={"Location": path})


def download(content: bytes, content_type: str, file_name: str) -> web.Response:
    """A file to keep."""
    return web.Response(body=content, content_type=content_type, headers=to_keep(file_name))


def to_keep(file_name: str) -> dict[str, str]:
    """The header that makes an answer a file to keep, under that name in any script (RFC 6266, RFC 8187).

    Links to such files have no `download` attribute of their own: with it, a browser takes the page that asks for a
    fresh proof (portal/step_up.py) for a file that failed.
    """
    plain = _NOT_PLAIN.sub("", file_name)
    words = f'attachment; filename="{plain}"'
    return {"Content-Disposition": words if plain == file_name else f"{words}; filename*=UTF-8''{quote(file_name, '')}"}
