#include "gateway/smtp/client_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/data_files.hpp"

namespace postern::smtp {
namespace {

using testing_support::case_name;
using testing_support::data_files;
using testing_support::read_file;

constexpr std::string_view kMessage = "Subject: dots\r\n\r\n.one\r\n..two\r\nnot.one\r\n.\r\n";

/// Plays a whole delivery as a driver would, and writes down what both sides said:
///   S: line of the server (a run of them arrives together)   C: line of ours
///   READY, HANDSHAKE, OVER, MAIL, RCPT, DATA, MESSAGE: what the session made of it
class Player {
public:
    Player(ClientSettings settings, bool byte_by_byte)
        : session_(std::move(settings)), byte_by_byte_(byte_by_byte) {}

    void server_says(const std::string& bytes) {
        const std::size_t step = byte_by_byte_ ? 1 : std::max<std::size_t>(bytes.size(), 1);
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            session_.feed(std::string_view(bytes).substr(at, step));
            while (auto event = session_.next()) {
                events_ += std::visit(*this, *event);
                if (byte_by_byte_ && session_.over()) return;
            }
        }
    }

    /// What happened since the last call: events first, then what we say.
    std::string take() {
        std::string said = std::exchange(events_, {});
        std::istringstream lines(session_.take_output());
        for (std::string line; std::getline(lines, line);) {
            line.pop_back();  // CR
            said += "C: " + line + "\n";
        }
        return said;
    }

    std::string operator()(const HandshakeDue& /*event*/) {
        session_.tls_established();
        return "HANDSHAKE\n";
    }
    std::string operator()(const ClientReady& /*event*/) {
        const bool utf8 = session_.extensions().smtputf8;
        EXPECT_TRUE(session_.mail({.reverse_path = "a@b.test",
                                   .size = kMessage.size(),
                                   .eight_bit = true,
                                   .smtputf8 = utf8}));
        if (session_.extensions().pipelining) say_recipient();
        return "READY\n";
    }
    std::string operator()(const ConversationOver& event) {
        const std::string reply = event.reply ? " [" + std::to_string(event.reply->code) + ' ' +
                                                    event.reply->words() + ']'
                                              : "";
        return "OVER " + event.detail + reply + "\n";
    }
    std::string operator()(const Answered& event) {
        const std::string reply =
            ' ' + std::to_string(event.reply.code) + ' ' + event.reply.words() + '\n';
        switch (event.command) {
            case ClientCommand::Mail:
                after_mail(event.reply);
                return "MAIL" + reply;
            case ClientCommand::Recipient:
                after_recipient(event.reply);
                return "RCPT" + reply;
            case ClientCommand::Data:
                after_data(event.reply);
                return "DATA" + reply;
            case ClientCommand::Message:
                if (session_.unanswered() == 0) session_.quit();
                return "MESSAGE" + reply;
            case ClientCommand::Reset:
            case ClientCommand::Quit:
                break;
        }
        return "?" + reply;
    }

    bool lmtp = false;

private:
    void say_recipient() {
        EXPECT_TRUE(
            session_.recipient({.forward_path = recipients_++ == 0 ? "c@d.test" : "e@d.test"}));
    }
    void after_mail(const PeerReply& reply) {
        if (!reply.positive()) {
            session_.quit();
        } else if (!session_.extensions().pipelining) {
            say_recipient();
        }
    }
    void after_recipient(const PeerReply& reply) {
        if (!reply.positive()) return session_.quit();
        if (lmtp && recipients_ < 2) return say_recipient();
        session_.data();
    }
    void after_data(const PeerReply& /*reply*/) {
        for (const char c : kMessage) session_.message({&c, 1});
        session_.end_message();
    }

    ClientSession session_;
    bool byte_by_byte_;
    int recipients_ = 0;
    std::string events_;
};

std::string play(const std::string& transcript, bool byte_by_byte) {
    ClientSettings settings{.helo_name = "gw.test"};
    bool lmtp = false;
    std::string dialogue;
    std::istringstream options(transcript);
    for (std::string line; std::getline(options, line);) {
        if (line == "! lmtp") lmtp = true;
        if (line == "! tls required") settings.tls = ClientTls::Required;
        if (line == "! tls opportunistic") settings.tls = ClientTls::Opportunistic;
        if (line.starts_with('!')) dialogue += line + "\n";
    }
    if (lmtp) settings.protocol = ClientProtocol::Lmtp;
    Player player(settings, byte_by_byte);
    player.lmtp = lmtp;
    std::string pending;
    std::istringstream lines(transcript);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("S: ")) {
            dialogue += line + "\n";
            const bool bare = line.ends_with("<LF>");
            pending += line.substr(3, bare ? line.size() - 7 : line.npos) + (bare ? "\n" : "\r\n");
        } else if (!pending.empty()) {
            player.server_says(std::exchange(pending, {}));
            dialogue += player.take();
        }
    }
    return dialogue;
}

std::string without_comments(const std::string& transcript) {
    std::istringstream lines(transcript);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('#')) kept += line + "\n";
    }
    return kept;
}

class ClientTranscript : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(ClientTranscript, PlaysAsWritten) {
    const std::string want = without_comments(read_file(GetParam()));
    EXPECT_EQ(play(want, false), want);
}

INSTANTIATE_TEST_SUITE_P(All, ClientTranscript,
                         ::testing::ValuesIn(data_files("gateway/relay/transcripts", ".smtp")),
                         case_name);

std::vector<std::string> read_all(std::string_view bytes, std::size_t step, ReplyLimits limits) {
    ReplyReader reader(limits);
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step));
        while (auto reply = reader.next()) {
            if (!*reply) {
                seen.emplace_back(explain(reply->error()));
                return seen;
            }
            seen.push_back(std::to_string((*reply)->code) + '/' +
                           std::to_string((*reply)->lines.size()));
        }
    }
    return seen;
}

TEST(ReplyReader, HoldsItsLimitsAtTheEdge) {
    const ReplyLimits limits{.line = 20, .lines = 3, .total = 40};
    const struct {
        std::string title, bytes, want;
    } cases[] = {
        {"line of the limit", "250 " + std::string(14, 'x') + "\r\n", "250/1"},
        {"line one too long", "250 " + std::string(15, 'x') + "\r\n", "a reply line is too long"},
        {"endless line", std::string(21, '2'), "a reply line is too long"},
        {"lines of the limit", "250-a\r\n250-b\r\n250 c\r\n", "250/3"},
        {"one line too many", "250-a\r\n250-b\r\n250-c\r\n250 d\r\n", "a reply has too many lines"},
        {"total of the limit", "250-12345678901234\r\n250 12345678901234\r\n", "250/2"},
        {"total too long", "250-12345678901234\r\n250-12345678901234\r\n250 c\r\n",
         "a reply is too long"},
        {"code alone", "250\r\n", "250/1"},
        {"two digits", "25 x\r\n", "a line is not an SMTP reply"},
        {"class 6", "650 x\r\n", "a line is not an SMTP reply"},
        {"class 1", "150 x\r\n", "a line is not an SMTP reply"},
        {"no separator", "250x\r\n", "a line is not an SMTP reply"},
        {"bare LF", "250 x\n", "a reply line does not end in CRLF"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(read_all(c.bytes, c.bytes.size(), limits), std::vector<std::string>{c.want});
        EXPECT_EQ(read_all(c.bytes, 1, limits), std::vector<std::string>{c.want});
    }
}

TEST(PeerReply, IsFitToBePassedOn) {
    const struct {
        std::string title;
        RawReply raw;
        std::string want;
    } cases[] = {
        {"plain", {250, {"2.1.5 ok"}}, "2.1.5 ok"},
        {"no enhanced code", {550, {"no"}}, "5.0.0 no"},
        {"three-digit parts", {550, {"5.123.456 no"}}, "5.123.456 no"},
        {"four digits are none", {550, {"5.1234.1 no"}}, "5.0.0 5.1234.1 no"},
        {"code of each line is taken off", {550, {"5.1.1 a", "5.1.1 b"}}, "5.1.1 a b"},
        {"nothing said", {550, {""}}, "5.0.0"},
        {"control characters", {550, {"5.1.1 a\rb\x1b[2Jc"}}, "5.1.1 a?b?[2Jc"},
        {"bytes above ASCII", {550, {"5.1.1 \xc3\xa4"}}, "5.1.1 ??"},
        {"runs of blanks", {550, {"5.1.1  a \t b "}}, "5.1.1 a b"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(clean_reply(c.raw).words(), c.want);
    }
    const PeerReply longest = clean_reply({550, {std::string(2000, 'x')}});
    EXPECT_EQ(longest.text.size(), kMaxReplyText);
}

ClientSession ready_session(const std::string& extensions = "") {
    ClientSession session(ClientSettings{});
    session.feed("220 hop\r\n");
    EXPECT_FALSE(session.next());
    session.feed("250-hop\r\n" + extensions + "250 ENHANCEDSTATUSCODES\r\n");
    EXPECT_TRUE(std::holds_alternative<ClientReady>(session.next().value()));
    EXPECT_FALSE(session.take_output().empty());
    return session;
}

TEST(ClientSession, SendsNoAddressThatWouldEndThePathEarly) {
    const struct {
        std::string title, path;
        bool sendable;
    } cases[] = {
        {"plain", "a@b.test", true},
        {"null reverse-path", "", true},
        {"quoted", R"("john doe>"@b.test)", true},
        {"escaped quote", R"("a\" >b"@b.test)", true},
        {"line end", "a@b.test>\r\nRCPT TO:<x@y.test", false},
        {"line end in quotes", "\"a\r\nb\"@b.test", false},
        {"NUL", std::string("a\0@b.test", 9), false},
        {"bracket", "a@b.test> SIZE=1", false},
        {"blank", "a b@b.test", false},
        {"open quote", "\"a@b.test", false},
        {"escape at the end", "\"a\\", false},
        {"above ASCII without SMTPUTF8", "\xc3\xa4@b.test", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        ClientSession session = ready_session();
        EXPECT_EQ(session.mail({.reverse_path = c.path}), c.sendable);
        EXPECT_EQ(session.take_output().empty(), !c.sendable);
    }
    ClientSession utf8 = ready_session("250-SMTPUTF8\r\n");
    EXPECT_TRUE(utf8.mail({.reverse_path = "\xc3\xa4@b.test", .smtputf8 = true}));
}

TEST(ClientSession, EndsWhenTheServerSpeaksUnasked) {
    ClientSession session = ready_session();
    session.feed("421 4.3.2 going down\r\n");
    const auto event = session.next();
    ASSERT_TRUE(event);
    const auto& over = std::get<ConversationOver>(*event);
    ASSERT_TRUE(over.reply);
    EXPECT_EQ(over.reply->code, 421);
    EXPECT_TRUE(session.over());
    session.feed("250 ok\r\n");
    EXPECT_FALSE(session.next());
}

TEST(ClientSession, PassesDsnParametersWhereOffered) {
    const MailCommand mail{.reverse_path = "a@b.test", .dsn_return = "HDRS", .dsn_envelope = "x1"};
    ClientSession with = ready_session("250-DSN\r\n");
    EXPECT_TRUE(with.mail(mail));
    EXPECT_EQ(with.take_output(), "MAIL FROM:<a@b.test> RET=HDRS ENVID=x1\r\n");
    ClientSession without = ready_session();
    EXPECT_TRUE(without.mail(mail));
    EXPECT_EQ(without.take_output(), "MAIL FROM:<a@b.test>\r\n");
}

/// Sends `message` in pieces of `step` and gives what went over the wire.
std::string on_the_wire(std::string_view message, std::size_t step) {
    ClientSession session = ready_session();
    EXPECT_TRUE(session.mail({}));
    session.feed("250 ok\r\n");
    EXPECT_TRUE(session.next());
    EXPECT_TRUE(session.recipient({.forward_path = "a@b.test"}));
    session.feed("250 ok\r\n");
    EXPECT_TRUE(session.next());
    session.data();
    session.feed("354 go\r\n");
    EXPECT_TRUE(session.next());
    EXPECT_FALSE(session.take_output().empty());
    for (std::size_t at = 0; at < message.size(); at += step) {
        session.message(message.substr(at, step));
    }
    session.end_message();
    return session.take_output();
}

TEST(ClientSession, DoublesDotsAtLineStartsOnly) {
    const struct {
        std::string title, message, wire;
    } cases[] = {
        {"empty", "", ".\r\n"},
        {"dot line", ".\r\n", "..\r\n.\r\n"},
        {"dot inside", "a.b\r\n", "a.b\r\n.\r\n"},
        {"no final line end", "a", "a\r\n.\r\n"},
        {"no final line end after a dot", "a\r\n.", "a\r\n..\r\n.\r\n"},
        {"CR at the end of the message", "a\r", "a\r\r\n.\r\n"},
        {"dot behind a bare LF", "a\n.b\r\n", "a\n.b\r\n.\r\n"},
        {"dot behind a bare CR", "a\r.b\r\n", "a\r.b\r\n.\r\n"},
        {"two dot lines", ".\r\n..\r\n", "..\r\n...\r\n.\r\n"},
    };
    for (const auto& c : cases) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
            SCOPED_TRACE(c.title + " in pieces of " + std::to_string(step));
            EXPECT_EQ(on_the_wire(c.message, step), c.wire);
        }
    }
}

}  // namespace
}  // namespace postern::smtp
