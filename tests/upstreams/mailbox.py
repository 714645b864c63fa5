"""A Dovecot that serves one person's mail on loopback, without rights of its own."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.upstreams.running import free_port, lacking

USER, PASSWORD = "support@shop.test", "support-pw"

_CONF = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{home}/mail/%u
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def dovecot(home: Path) -> Iterator[int]:
    """Runs until the block ends; its port."""
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    if not Path(program).exists():
        lacking("dovecot is not installed (Debian, Ubuntu: dovecot-imapd)")
    root = os.geteuid() == 0
    who = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    port, group = free_port(), grp.getgrgid(who.pw_gid).gr_name
    (home / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
    told = {"home": home, "user": who.pw_name, "group": group, "uid": who.pw_uid, "gid": who.pw_gid, "port": port}
    (home / "dovecot.conf").write_text(_CONF.format(**told))
    for folder in (home, home / "run", home / "mail"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        if root:
            os.chown(folder, who.pw_uid, who.pw_gid)
    for parent in home.parents[:2]:
        parent.chmod(0o755)  # pytest keeps its folders to itself; the mail's user has to come through
    more = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if root else {}
    process = subprocess.Popen([program, "-F", "-c", str(home / "dovecot.conf")], **more)  # type: ignore[call-overload]
    try:
        _answers(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise RuntimeError("dovecot did not start; its log is in its home")
