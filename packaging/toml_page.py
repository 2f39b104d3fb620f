"""Makes the manual page of daylightd.toml from the default file, whose comments are its text.

    toml_page.py daylightd.toml daylightd.toml.5
"""

import re
import sys

HEAD = r""".\" Made from daylightd.toml by packaging/toml_page.py.
.Dd November 30, 2026
.Dt DAYLIGHTD.TOML 5
.Os
.Sh NAME
.Nm daylightd.toml
.Nd configuration of daylightd and daylight-opener
.Sh DESCRIPTION
"""
TAIL = r""".Sh FILES
.Bl -tag -width Ds
.It Pa /etc/daylight/daylightd.toml
.El
.Sh SEE ALSO
.Xr daylight 1 ,
.Xr systemd.time 7 ,
.Xr daylight-opener 8 ,
.Xr daylightd 8
"""


def escaped(text):
    text = text.replace("\\", r"\e").replace("`", r"\(ga").replace("'", r"\(aq")
    return "\n".join(r"\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def quoted(text):
    return '"' + text.replace("\\", r"\e").replace('"', r"\(dq") + '"'


def page(toml):
    out = [HEAD]
    text = []  # Lines that wait for the settings or the section they are about.
    keys = []
    in_section = in_list = False

    def end_list():
        nonlocal in_list
        if in_list:
            out.append(".El")
        in_list = False

    def flush():
        """The settings that wait, and below them what is said of them."""
        nonlocal in_list
        if keys:
            if not in_list:
                out.append(".Bl -tag -width Ds")
            in_list = True
            out.extend(".It Ic " + quoted(key) for key in keys)
        elif text:
            end_list()
            out.append(".Pp")
        out.append(escaped("\n".join(text)))
        text.clear()
        keys.clear()

    for line in toml.splitlines() + [""]:
        if re.match(r"#?\[", line):
            end_list()
            out.append((".Ss " if in_section else ".Sh SECTIONS\n.Ss ") + quoted(line.lstrip("#")))
            in_section = True
            flush()
        elif line.startswith("#") and line[1:2] not in ("", " "):
            keys.append(line[1:])
        elif line.startswith("#") and line != "#":
            if keys:
                flush()
            # A table of commands stays one.
            text.append(line[2:])
        elif keys:
            flush()
        elif text and not in_section:
            flush()
    end_list()
    return re.sub(r"\n{2,}", "\n", "\n".join(out)) + "\n" + TAIL


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = page(file.read())
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
