"""Real mail servers in folders of their own, on loopback ports that the kernel picked. Nothing of the system's own
configuration is read or changed. Each has `port`, `messages()` and `stop()`; all need root to start."""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from postern_site import connects, free_port, wait_for  # noqa: E402

PATIENCE = 20


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)


def certificate(folder, name):
    """A self-signed one for `name`; gives the files of certificate and key."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(f"{folder}/key.pem", 0o644)  # made for this test, and read by several users
    return f"{folder}/certificate.pem", f"{folder}/key.pem"


def key_digest(path):
    """SHA-256 of the certificate's key (SPKI), in hexadecimal."""
    key = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"], check=True, stdout=subprocess.PIPE).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, stdout=subprocess.PIPE).stdout
    return subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der, check=True, stdout=subprocess.PIPE).stdout.split()[0].decode()


class Server:
    """What they share: a folder, a port, and mail folders as Maildir."""

    name = ""

    def __init__(self, folder):
        self.folder, self.port = f"{folder}/{self.name}", free_port()
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o755)

    def mail_folder(self):
        path = f"{self.folder}/mail"
        os.makedirs(path, exist_ok=True)
        shutil.chown(path, "mail", "mail")
        return path

    def wait_until_it_listens(self):
        if not wait_for(lambda: connects(self.port), PATIENCE):
            raise RuntimeError(f"{self.name} does not listen; its log:\n{self.log()}")

    def log(self):
        try:
            with open(f"{self.folder}/log", errors="replace") as file:
                return file.read()[-3000:]
        except OSError:
            return "(none)"

    def messages(self):
        """Those delivered, with CRLF line ends as they came by SMTP."""
        for path in glob.glob(f"{self.folder}/mail/**/new/*", recursive=True):
            with open(path, "rb") as file:
                yield file.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def find(self, needle):
        return next((text for text in self.messages() if needle.encode() in text), None)


class Postfix(Server):
    """smtpd as next hop, and smtp(8) as a client that delivers to a gateway, in the clear for plain-* and by TLS for tls-* domains."""

    name = "postfix"
    MASTER = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
plain unix - - n - - smtp -o smtp_tls_security_level=none
tls unix - - n - - smtp -o smtp_tls_security_level=encrypt
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
    MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
alias_maps =
alias_database =
biff = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
transport_maps = inline:{{ {transports} }}
"""

    def __init__(self, folder, certificate_files, domains, gateway):
        super().__init__(folder)
        import pwd
        mail = pwd.getpwnam("mail")
        transports = ", ".join(f"{{ {kind}-postfix.example = {kind}:[127.0.0.1]:{gateway} }}" for kind in ("plain", "tls"))
        self.mail_folder()
        write(f"{self.folder}/etc/master.cf", self.MASTER.format(port=self.port))
        write(f"{self.folder}/etc/main.cf", self.MAIN.format(folder=self.folder, certificate=certificate_files[0], key=certificate_files[1], domains=" ".join(domains), uid=mail.pw_uid,
                                                             gid=mail.pw_gid, transports=transports))
        os.makedirs(f"{self.folder}/queue")
        os.makedirs(f"{self.folder}/data")
        shutil.chown(f"{self.folder}/data", "postfix", "postfix")
        self.run("start")
        self.wait_until_it_listens()

    def run(self, word):
        subprocess.run(["/usr/sbin/postfix", "-c", f"{self.folder}/etc", word], check=word == "start", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def stop(self):
        self.run("abort")


class Exim(Server):
    """A daemon without any privilege, as next hop and as a client by domain like Postfix above."""

    name = "exim"
    CONFIG = """exim_user = mail
exim_group = mail
exim_path = {program}
primary_hostname = exim.test
spool_directory = {folder}/spool
log_file_path = {folder}/log.%slog
pid_file_path = {folder}/pid
deliver_drop_privilege = true
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
disable_ipv6 = true
queue_run_in_order = false
keep_environment =
rfc1413_query_timeout = 0s
smtp_accept_keepalive = false
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
domainlist ours = {domains}
acl_smtp_rcpt = accept
acl_smtp_data = accept
begin routers
here:
  driver = accept
  domains = +ours
  transport = folder
gateway:
  driver = manualroute
  domains = plain-exim.example : tls-exim.example
  transport = ${{if match{{$domain}}{{^tls}}{{by_tls}}{{in_clear}}}}
  route_list = * 127.0.0.1
  self = send
begin transports
folder:
  driver = appendfile
  maildir_format
  directory = {folder}/mail
  create_directory
in_clear:
  driver = smtp
  port = {gateway}
  allow_localhost
  hosts_avoid_tls = *
by_tls:
  driver = smtp
  port = {gateway}
  allow_localhost
  hosts_require_tls = *
  tls_verify_certificates =
begin retry
* * F,1h,1s
"""

    def __init__(self, folder, certificate_files, domains, gateway, program):
        super().__init__(folder)
        self.mail_folder()
        os.makedirs(f"{self.folder}/spool")
        for path in (self.folder, f"{self.folder}/spool"):
            shutil.chown(path, "mail", "mail")
        self.config = f"{self.folder}/exim.conf"
        write(self.config, self.CONFIG.format(folder=self.folder, port=self.port, gateway=gateway, program=program, certificate=certificate_files[0], key=certificate_files[1], domains=" : ".join(domains)))
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen(self.start_as_mail() + [program, "-C", self.config, "-bdf", "-q1m"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def start_as_mail(self):
        """Debian's exim does not start where its user is unknown, and installing it would replace Postfix: so it gets account files that have it, in a mount
        namespace of its own."""
        files = []
        for name in ("passwd", "group"):
            with open(f"/etc/{name}") as accounts:
                lines = accounts.read()
            mail = next(line for line in lines.splitlines() if line.startswith("mail:")).split(":")
            files.append(f"{self.folder}/{name}")
            write(files[-1], lines.rstrip("\n") + "\n" + ":".join(["Debian-exim"] + mail[1:]) + "\n")
        script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec setpriv --reuid=mail --regid=mail --clear-groups "$@"'
        return ["unshare", "--mount", "sh", "-c", script, "sh"] + files

    def log(self):
        return super().log() + "".join(open(path, errors="replace").read()[-3000:] for path in glob.glob(f"{self.folder}/log.*"))

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class Dovecot(Server):
    """LMTP. bob@ and any other but nobody@ have a mailbox; that of full@ is full."""

    name = "dovecot"
    CONFIG = """base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
mail_location = maildir:{folder}/mail/%n
mail_save_crlf = yes
first_valid_uid = 1
first_valid_gid = 1
auth_username_format = %n
hostname = dovecot.test
postmaster_address = postmaster@dovecot.test
mail_plugins = quota
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
plugin {{
  quota = maildir:User quota
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""

    def __init__(self, folder, certificate_files, users):
        super().__init__(folder)
        import pwd
        mail = pwd.getpwnam("mail")
        path = self.mail_folder()
        rows = [f"{user}:{{PLAIN}}x:{mail.pw_uid}:{mail.pw_gid}::{path}/{user}-home::" for user in users]
        rows.append(f"full:{{PLAIN}}x:{mail.pw_uid}:{mail.pw_gid}::{path}/full-home::userdb_quota_rule=*:bytes=10")
        write(f"{self.folder}/users", "\n".join(rows) + "\n")
        write(f"{self.folder}/dovecot.conf", self.CONFIG.format(folder=self.folder, port=self.port, certificate=certificate_files[0], key=certificate_files[1]))
        with open(f"{self.folder}/out", "w") as log:
            self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", f"{self.folder}/dovecot.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class Haraka(Server):
    """A client: takes mail and hands it on within the same transaction (queue/smtp_forward), by TLS for tls-haraka.example."""

    name = "haraka"

    def __init__(self, folder, installed, gateway):
        super().__init__(folder)
        config = f"{self.folder}/config"
        os.makedirs(config)
        write(f"{config}/smtp.ini", f"listen=127.0.0.1:{self.port}\nnodes=0\n")
        write(f"{config}/plugins", "rcpt_to.in_host_list\nqueue/smtp_forward\n")
        write(f"{config}/host_list", "plain-haraka.example\ntls-haraka.example\n")
        write(f"{config}/me", "haraka.test\n")
        shutil.copy(f"{installed}/node_modules/haraka/config/connection.ini", config)  # it does not start without
        write(f"{config}/log.ini", "[main]\nlevel=info\n")
        write(f"{config}/smtp_forward.ini", f"host=127.0.0.1\nport={gateway}\n[tls-haraka.example]\nhost=127.0.0.1\nport={gateway}\nenable_tls=true\n[tls]\nrejectUnauthorized=false\n")
        write(f"{config}/tls.ini", "[main]\nrejectUnauthorized=false\n")
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen(["node", f"{installed}/node_modules/haraka/bin/haraka", "-c", self.folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            start_new_session=True)
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
