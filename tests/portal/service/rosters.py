"""Rosters for tests."""

import io
import zipfile
from collections.abc import Mapping

PLAIN_HEADING = "student_id,given_name,family_name,grade,email,username,subjects,service,status"

ONEROSTER = {
    "manifest.csv": "propertyName,value\noneroster.version,1.1\nfile.users,bulk\nfile.classes,bulk\n"
    "file.enrollments,bulk\nfile.orgs,absent\n",
    "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,email,"
    "grades\n"
    "s1,,,true,o,student,ada,Ada,Lovelace,ada@school.example,07\n"
    "s2,,,true,o,student,,Alan,Turing,alan@school.example,7\n"
    "s3,,,true,o,student,,Grace,Hopper,,8\n"
    "t1,,,true,o,teacher,teach,Terry,Teacher,t@school.example,\n",
    "classes.csv": "sourcedId,status,title,subjects\nc1,,Seventh grade mathematics,Math\nc2,,Art,\n",
    "enrollments.csv": "sourcedId,status,classSourcedId,userSourcedId,role\n"
    "e1,,c1,s1,student\ne2,,c1,s2,student\ne3,,c2,s2,student\ne4,,c1,t1,teacher\n",
}


def plain(*lines: str) -> str:
    """A plain CSV with its heading."""
    return "\n".join([PLAIN_HEADING, *lines]) + "\n"


def make_zip(files: Mapping[str, str]) -> bytes:
    """A zip of text files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
    return packed.getvalue()
