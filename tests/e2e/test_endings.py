"""How sessions end that nobody ends politely, and what the log line of the connection says of it."""
import signal
import socket

import end_to_end
import postern_site


class Endings(end_to_end.EndToEnd):
    KEYS = {"smtp": 'command_timeout = "2s"\nrate_window = "500ms"\nmin_command_rate = 10\nhandshake_timeout = "1s"'}

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30)
        self.addCleanup(client.close)
        words = client.makefile("rb")
        self.addCleanup(words.close)
        self.assertTrue(words.readline().startswith(b"220 "))
        return client, words

    def line_of(self, client):
        """The log line of the connection, once it is there."""
        port = client.getsockname()[1]
        return postern_site.wait_for(lambda: next((line for line in self.site.postern.log() if line["event"] == "connection" and line["client_port"] == port), None), 20)

    def begin_tls(self):
        client, words = self.connect()
        client.sendall(b"EHLO c.example\r\n")
        while words.readline()[3:4] == b"-":
            pass
        client.sendall(b"STARTTLS\r\n")
        self.assertTrue(words.readline().startswith(b"220 "))
        return client, words

    def test_a_client_that_says_nothing(self):
        client, words = self.connect()
        self.assertTrue(words.readline().startswith(b"421 4.4.2 "))
        self.assertEqual(words.read(), b"")
        self.assertEqual((self.line_of(client)["reason"], self.line_of(client)["stage"]), ("timeout", "greeted"))

    def test_a_client_that_is_too_slow(self):
        client, words = self.connect()
        client.sendall(b"E")
        self.assertTrue(words.readline().startswith(b"421 4.4.2 "))
        self.assertEqual(self.line_of(client)["reason"], "too slow")

    def test_a_handshake_that_fails(self):
        client, _ = self.begin_tls()
        client.sendall(b"this is no handshake\r\n")
        line = self.line_of(client)
        self.assertEqual((line["reason"], line["tls"]), ("TLS failed", ""))

    def test_a_handshake_that_does_not_come(self):
        client, words = self.begin_tls()
        self.assertEqual(words.read(), b"")
        self.assertEqual(self.line_of(client)["reason"], "timeout")

    def test_a_client_that_hangs_up(self):
        client, words = self.connect()
        client.shutdown(socket.SHUT_RDWR)
        self.assertEqual(self.line_of(client)["reason"], "client left")


class Shutdown(end_to_end.EndToEnd):
    def test_a_client_that_is_there_when_the_gateway_stops(self):
        with socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30) as client, client.makefile("rb") as words:
            self.assertTrue(words.readline().startswith(b"220 "))
            self.site.postern.process.send_signal(signal.SIGTERM)
            self.assertTrue(words.readline().startswith(b"421 4.3.2 "))
        self.assertEqual(self.site.postern.process.wait(60), 0)
        lines = [line for line in self.site.postern.log() if line["event"] == "connection"]
        self.assertEqual([line["reason"] for line in lines], ["shutdown"])


if __name__ == "__main__":
    end_to_end.main()
