#include "gateway/state/redis/store.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "analyzers/base/unique_fd.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct UrlCase {
    const char* url;
    RedisAddress address;
};

TEST(RedisUrl, NamesHostOrSocketUserPasswordAndDatabase) {
    const UrlCase cases[] = {
        {"redis://cache.example", {"cache.example", 6379, "", "", "", 0}},
        {"redis://192.0.2.1:7000/3", {"192.0.2.1", 7000, "", "", "", 3}},
        {"redis://[2001:db8::1]:7000", {"2001:db8::1", 7000, "", "", "", 0}},
        {"redis://[2001:db8::1]/1", {"2001:db8::1", 6379, "", "", "", 1}},
        {"redis://:secret@h", {"h", 6379, "", "", "secret", 0}},
        {"redis://u:p%3Aa%40%2F%25@h:1/0", {"h", 1, "", "u", "p:a@/%", 0}},
        {"redis://h:65535/", {"h", 65535, "", "", "", 0}},
        {"unix:/run/redis.sock", {"", 6379, "/run/redis.sock", "", "", 0}},
        {"unix:///run/redis.sock?db=9", {"", 6379, "/run/redis.sock", "", "", 9}},
        {"unix://u:p@/run/redis.sock", {"", 6379, "/run/redis.sock", "u", "p", 0}},
    };
    for (const UrlCase& c : cases) {
        SCOPED_TRACE(c.url);
        const auto address = parse_redis_url(c.url);
        ASSERT_TRUE(address) << address.error();
        EXPECT_EQ(*address, c.address);
        EXPECT_EQ(address->text().find("secret"), std::string::npos);
    }
}

TEST(RedisUrl, RefusesWhatIsNoneWithoutRepeatingIt) {
    const std::string long_path = "unix:/" + std::string(107, 'p');
    for (const std::string& url : std::vector<std::string>{"",
                                                           "redis:",
                                                           "redis://",
                                                           "redis:///0",
                                                           "redis://h:0",
                                                           "redis://h:65536",
                                                           "redis://h:",
                                                           "redis://h:7x",
                                                           "redis://h/x",
                                                           "redis://h/-1",
                                                           "redis://h/1000001",
                                                           "redis://[::1",
                                                           "redis://[::1]x",
                                                           "redis://hunter2@h",
                                                           "redis://u:@h",
                                                           "redis://u:hunter2%@h",
                                                           "redis://u:hunter2%zz@h",
                                                           "rediss://u:hunter2@h",
                                                           "unix:",
                                                           "unix:run/x",
                                                           "unix:/x?db=",
                                                           "unix:/x?y=1",
                                                           "unix:/x?db=hunter2",
                                                           long_path,
                                                           "http://u:hunter2@h",
                                                           "redis://u:hunter2@[[-(1]/0",
                                                           "redis://u:hunter2@[h]",
                                                           "redis://u:hunter2@[192.0.2.1]",
                                                           std::string("redis://h\0x", 11)}) {
        SCOPED_TRACE(url);
        const auto address = parse_redis_url(url);
        ASSERT_FALSE(address);
        EXPECT_EQ(address.error().find("hunter2"), std::string::npos);
    }
    EXPECT_TRUE(parse_redis_url("unix:/" + std::string(106, 'p')));
}

RedisSettings settings_for(const std::string& url) {
    RedisSettings settings;
    settings.address = *parse_redis_url(url);
    settings.timeout = seconds(10);
    return settings;
}

TEST(RedisStore, SpeaksTcpAndKeepsDatabasesApart) {
    RedisServer::Options options;
    options.tcp = true;
    const RedisServer server(options);
    const std::string place = "redis://127.0.0.1:" + std::to_string(server.port());
    RedisStore zero(settings_for(place));
    RedisStore nine(settings_for(place + "/9"));
    ASSERT_FALSE(zero.connect());
    ASSERT_FALSE(nine.connect());
    ASSERT_TRUE(nine.put("a:1", "nine", hours(1)));
    EXPECT_EQ(zero.get("a:1").value_or("?"), std::nullopt);
    EXPECT_EQ(nine.get("a:1").value_or({}), "nine");
    const auto none = RedisStore(settings_for(place + "/4000")).connect();
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->refused);
}

TEST(RedisStore, PrefixesKeepGatewaysOfDifferentSitesApart) {
    const RedisServer server;
    RedisSettings first = settings_for(server.url());
    RedisSettings second = first;
    first.prefix = "a*:";
    second.prefix = "ab:";
    RedisStore one(first);
    RedisStore other(second);
    ASSERT_FALSE(one.connect());
    ASSERT_FALSE(other.connect());
    ASSERT_TRUE(one.put("ban:1", "one", hours(1)));
    ASSERT_TRUE(other.put("ban:2", "other", hours(1)));
    const auto bans = one.list("ban:", 10);
    ASSERT_TRUE(bans);
    ASSERT_EQ(bans->size(), 1U);
    EXPECT_EQ(bans->front().key, "ban:1");
}

TEST(RedisStore, EveryKeyEnds) {
    const RedisServer server;
    RedisStore store(settings_for(server.url()));
    ASSERT_FALSE(store.connect());
    ASSERT_TRUE(store.put("a:1", "x", hours(1)));
    ASSERT_TRUE(store.put_if_absent("a:2", "x", hours(1)));
    ASSERT_TRUE(store.add("a:3", 1, hours(1)));
    ASSERT_TRUE(store.add("a:3", 1, hours(1)));
    const auto entries = store.list("a:", 10);  // leaves out what has no end
    ASSERT_TRUE(entries);
    EXPECT_EQ(entries->size(), 3U);
}

TEST(RedisStore, PasswordAndUserAreSaidAndWrongOnesAreAnErrorOfTheirOwn) {
    RedisServer::Options options;
    options.more = {"--requirepass", "s3:cr/t", "--user", "mail", "on", ">pa@ss", "~*", "+@all"};
    const RedisServer server(options);
    const auto connect = [&](const std::string& credentials) {
        RedisStore store(settings_for("unix://" + credentials + server.socket()));
        auto failure = store.connect();
        EXPECT_EQ(!failure, store.put("a:1", "x", hours(1)).has_value());
        return failure;
    };
    EXPECT_EQ(connect(":s3%3Acr%2Ft@").value_or(RedisError{"fine"}).detail, "fine");
    EXPECT_FALSE(connect("mail:pa%40ss@"));
    for (const char* wrong : {"", ":hunter2@", "mail:hunter2@", "nobody:hunter2@"}) {
        SCOPED_TRACE(wrong);
        const auto failure = connect(wrong);
        ASSERT_TRUE(failure);
        EXPECT_TRUE(failure->refused);
        EXPECT_EQ(failure->detail.find("hunter2"), std::string::npos);
    }
}

TEST(RedisStore, AServerThatRefusesWritesIsUnavailable) {
    RedisServer::Options options;
    options.more = {"--maxmemory", "1", "--maxmemory-policy", "noeviction"};
    const RedisServer server(options);
    RedisStore store(settings_for(server.url()));
    ASSERT_FALSE(store.connect());
    const auto put = store.put("a:1", "x", hours(1));
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().fault, StateFault::Unavailable);
    EXPECT_NE(put.error().detail.find("OOM"), std::string::npos);
    EXPECT_EQ(store.figures().errors, 1U);
}

TEST(RedisStore, AStoppedServerCostsOneTimeoutAndNoLateAnswerIsTakenForAnother) {
    RedisServer server;
    RedisSettings settings = settings_for(server.url());
    settings.connections = 2;
    ASSERT_FALSE(RedisStore(settings).connect());
    settings.timeout = milliseconds(200);
    RedisStore store(settings);
    ASSERT_TRUE(eventually([&] { return !store.connect(); }));
    ASSERT_TRUE(eventually([&] { return store.put("a:1", "one", hours(1)).has_value(); }));

    server.pause();
    const auto start = std::chrono::steady_clock::now();
    const auto answer = store.get("a:1");
    EXPECT_FALSE(answer);
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
    server.resume();
    ASSERT_TRUE(eventually([&] { return store.put("a:2", "two", hours(1)).has_value(); }));
    for (int i = 0; i < 20; ++i) {
        const auto value = store.get("a:2");
        if (value) {
            EXPECT_EQ(*value, "two");
        }
    }
}

TEST(RedisStore, GoesOnAfterTheServerWasKilledAndStarted) {
    RedisServer server;
    RedisStore store(settings_for(server.url()));
    ASSERT_FALSE(store.connect());
    ASSERT_TRUE(store.put("a:1", "x", hours(1)));
    server.kill();
    const auto gone = store.get("a:1");
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().fault, StateFault::Unavailable);
    server.start();
    EXPECT_EQ(store.get("a:1").value_or("?"), std::nullopt);
}

TEST(RedisStore, CallersWaitForAConnectionWithinTheirTimeout) {
    RedisServer server;
    RedisSettings settings = settings_for(server.url());
    settings.connections = 1;
    settings.timeout = milliseconds(100);
    RedisStore store(settings);
    ASSERT_TRUE(eventually([&] { return !store.connect(); }));
    server.pause();
    const auto start = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 20; ++i) callers.emplace_back([&] { EXPECT_FALSE(store.get("a:1")); });
    }
    // One after another they would take 20 time-outs.
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(100) * 15);
}

/// Listens where a Redis should, and treats each connection as a test wants.
class Impostor {
public:
    explicit Impostor(void (*treat)(int socket)) {
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path().data(), path().size());
        const void* const place = &address;
        EXPECT_EQ(::bind(listener_.get(), static_cast<const sockaddr*>(place), sizeof address), 0);
        EXPECT_EQ(::listen(listener_.get(), 8), 0);
        thread_ = std::thread([this, treat] {
            for (;;) {
                const UniqueFd one(::accept(listener_.get(), nullptr, nullptr));
                if (!one) return;
                treat(one.get());
            }
        });
    }
    ~Impostor() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] std::string path() const { return folder_.file("s"); }

private:
    TemporaryFolder folder_;
    UniqueFd listener_;
    std::thread thread_;
};

bool say(int socket, std::string_view text) {
    return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
}

struct Behaviour {
    const char* title;
    void (*treat)(int socket);
};

TEST(RedisStore, SurvivesAServerThatIsNone) {
    const Behaviour behaviours[] = {
        {"closes at once", [](int) {}},
        {"talks SMTP", [](int socket) { say(socket, "220 mail.example ESMTP\r\n"); }},
        {"a byte at a time for ever",
         [](int socket) {
             while (say(socket, "+")) std::this_thread::sleep_for(milliseconds(5));
         }},
        {"endless text",
         [](int socket) {
             say(socket, "$1000000000\r\n");
             const std::string block(1 << 16, 'x');
             while (say(socket, block)) {
             }
         }},
        {"a list without end",
         [](int socket) {
             say(socket, "*1000000000\r\n");
             while (say(socket, ":1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n")) {
             }
         }},
        {"lists in lists",
         [](int socket) {
             while (say(socket, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n")) {
             }
         }},
        {"negative sizes", [](int socket) { say(socket, "$-9223372036854775808\r\n"); }},
    };
    for (const Behaviour& behaviour : behaviours) {
        SCOPED_TRACE(behaviour.title);
        const Impostor impostor(behaviour.treat);
        RedisSettings settings = settings_for("unix:" + impostor.path());
        settings.timeout = milliseconds(200);
        RedisStore store(settings);
        const auto start = std::chrono::steady_clock::now();
        EXPECT_TRUE(store.connect());
        const auto value = store.get("a:1");
        ASSERT_FALSE(value);
        EXPECT_EQ(value.error().fault, StateFault::Unavailable);
        EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(4));
    }
}

}  // namespace
}  // namespace postern::state
