/// The real client against a real server (nsd), with and without DNSSEC. Needs nsd and ldnsutils.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/gateway/dns/collect.hpp"
#include "tests/support/dns/fake_server.hpp"

namespace postern::tests {
namespace {

using dns::RecordType;
using dns::Status;

constexpr const char* kZone = R"($ORIGIN example.
$TTL 300
@ SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.53
host A 192.0.2.1
host A 192.0.2.2
host AAAA 2001:db8::1
host MX 10 mail
host TXT "v=spf1 " "-all"
www CNAME host
forged A 192.0.2.66
_25._tcp.host TLSA 3 1 1 0011223344556677889900112233445566778899001122334455667788990011
)";

/// Binds a socket of this type to `port` of loopback, 0: any. The port; 0: it is taken.
int bound_port(int type, int port) {
    const UniqueFd probe(socket(AF_INET, type, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    void* raw = &address;
    socklen_t size = sizeof address;
    if (bind(probe.get(), static_cast<sockaddr*>(raw), size) != 0) return 0;
    if (getsockname(probe.get(), static_cast<sockaddr*>(raw), &size) != 0) return 0;
    return ntohs(address.sin_port);
}

/// A port nobody had a moment ago, neither for UDP nor for TCP: DNS needs both.
int free_port() {
    for (int i = 0; i < 100; ++i) {
        const int port = bound_port(SOCK_DGRAM, 0);
        if (port != 0 && bound_port(SOCK_STREAM, port) == port) return port;
    }
    return 0;
}

bool is_installed(const std::string& program) {
    for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"}) {
        if (std::filesystem::exists(folder + program)) return true;
    }
    return false;
}

class Nsd {
public:
    Nsd() : port_(free_port()) {
        std::ofstream(file("zone")) << kZone << "big TXT";
        std::ofstream zone(file("zone"), std::ios::app);
        for (int i = 0; i < 200; ++i) zone << " \"" << std::string(200, 'x') << '"';
        zone << '\n';
    }

    /// Signs the zone, then forges one record of it. The anchor is in file "anchor".
    void sign() {
        const std::string key = run({"ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "example"});
        run({"ldns-signzone", "-f", file("signed"), file("zone"), file(key)});
        std::filesystem::copy_file(file(key + ".key"), file("anchor"));
        std::ifstream in(file("signed"));
        std::ofstream out(file("zone"));
        for (std::string line; std::getline(in, line);) {
            if (const auto at = line.find("192.0.2.66"); at != std::string::npos) {
                line.replace(at, 10, "192.0.2.77");
            }
            out << line << '\n';
        }
    }

    void start() {
        std::ofstream(file("conf"))
            << "server:\n ip-address: 127.0.0.1@" << port_ << "\n username: \"\"\n chroot: \"\"\n"
            << " database: \"\"\n zonesdir: \"" << folder_.path().string() << "\"\n pidfile: \""
            << file("pid") << "\"\n xfrdfile: \"" << file("xfrd") << "\"\n zonelistfile: \""
            << file("zones") << "\"\n xfrdir: \"" << folder_.path().string()
            << "\"\n server-count: 1\n"
            << "remote-control:\n control-enable: no\n"
            << "zone:\n name: example\n zonefile: zone\n";
        program_ = std::make_unique<ChildProgram>(
            std::vector<std::string>{"nsd", "-d", "-c", file("conf")}, file("errors"));
        for (int i = 0; i < 200; ++i) {
            dns::ClientSettings settings = settings_for({address()});
            dns::Client probe(settings);
            if (look_up(probe, "host.example", RecordType::A, 100ms).found()) return;
            std::this_thread::sleep_for(50ms);
        }
        std::ifstream errors(file("errors"));
        throw std::runtime_error("nsd: " + std::string(std::istreambuf_iterator<char>(errors), {}));
    }

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

private:
    /// In our folder; its first line of output.
    std::string run(const std::vector<std::string>& words) {
        std::vector<std::string> in_folder = {"env", "-C", folder_.path().string()};
        in_folder.insert(in_folder.end(), words.begin(), words.end());
        ChildProgram program(in_folder, file("errors"));
        std::string line = program.read_line();
        while (!program.read_line().empty()) {
        }
        program.wait();
        return line;
    }

    ScratchFolder folder_;
    int port_;
    std::unique_ptr<ChildProgram> program_;
};

class NsdTest : public testing::Test {
protected:
    void SetUp() override {
        if (!is_installed("nsd")) GTEST_SKIP() << "nsd is not installed";
    }
    Nsd nsd_;
};

TEST_F(NsdTest, AnswersAllWeAsk) {
    nsd_.start();
    dns::Client client(settings_for({nsd_.address()}));
    EXPECT_EQ(look_up(client, "host.example", RecordType::A).addresses.size(), 2U);
    EXPECT_EQ(look_up(client, "host.example", RecordType::Aaaa).addresses.size(), 1U);
    EXPECT_EQ(look_up(client, "host.example", RecordType::Mx).exchanges.at(0).host, "mail.example");
    EXPECT_EQ(look_up(client, "host.example", RecordType::Txt).texts.at(0), "v=spf1 -all");
    EXPECT_EQ(look_up(client, "example", RecordType::Ns).names.at(0), "ns.example");
    EXPECT_EQ(look_up(client, "example", RecordType::Soa).names.at(0), "example");
    EXPECT_EQ(look_up(client, "_25._tcp.host.example", RecordType::Tlsa).tlsa.at(0).data.size(),
              32U);
    const dns::Answer alias = look_up(client, "www.example", RecordType::A);
    EXPECT_EQ(alias.canonical, "host.example");
    EXPECT_EQ(alias.addresses.size(), 2U);
    EXPECT_EQ(look_up(client, "big.example", RecordType::Txt).texts.at(0).size(), 40000U);
    EXPECT_EQ(look_up(client, "host.example", RecordType::Tlsa).status, Status::NoData);
    const dns::Answer none = look_up(client, "missing.example", RecordType::A);
    EXPECT_EQ(none.status, Status::NoName);
    EXPECT_EQ(none.ttl, 60s);
    EXPECT_EQ(look_up(client, "host.elsewhere", RecordType::A).status, Status::Failed) << "REFUSED";
}

TEST_F(NsdTest, TellsProvenFromForgedAnswers) {
    if (!is_installed("ldns-keygen")) GTEST_SKIP() << "ldnsutils are not installed";
    nsd_.sign();
    nsd_.start();
    dns::ClientSettings settings = settings_for({nsd_.address()});
    settings.trust_anchor = nsd_.file("anchor");
    dns::Client client(settings);
    const dns::Answer proven = look_up(client, "host.example", RecordType::A, 5s);
    EXPECT_EQ(proven.status, Status::Found) << proven.detail;
    EXPECT_TRUE(proven.secure);
    EXPECT_EQ(proven.addresses.size(), 2U);
    const dns::Answer tlsa = look_up(client, "_25._tcp.host.example", RecordType::Tlsa, 5s);
    EXPECT_EQ(tlsa.status, Status::Found) << tlsa.detail;
    EXPECT_TRUE(tlsa.secure);
    const dns::Answer alias = look_up(client, "www.example", RecordType::A, 5s);
    EXPECT_TRUE(alias.secure);
    EXPECT_EQ(alias.canonical, "host.example");
    const dns::Answer none = look_up(client, "missing.example", RecordType::A, 5s);
    EXPECT_EQ(none.status, Status::NoName) << none.detail;
    EXPECT_TRUE(none.secure);
    const dns::Answer forged = look_up(client, "forged.example", RecordType::A, 5s);
    EXPECT_EQ(forged.status, Status::Failed);
    EXPECT_THAT(forged.detail, testing::HasSubstr("DNSSEC"));
    EXPECT_TRUE(forged.addresses.empty());
    EXPECT_TRUE(look_up(client, "host.example", RecordType::A).secure) << "from the cache as well";
    EXPECT_EQ(look_up(client, "big.example", RecordType::Txt, 5s).texts.at(0).size(), 40000U);
}

TEST_F(NsdTest, ValidationEndsInTimeToo) {
    if (!is_installed("ldns-keygen")) GTEST_SKIP() << "ldnsutils are not installed";
    nsd_.sign();
    FakeServer silent("*.example drop\n");
    dns::ClientSettings settings = settings_for({silent.address()});
    settings.trust_anchor = nsd_.file("anchor");
    std::vector<std::future<dns::Answer>> answers;
    const auto start = std::chrono::steady_clock::now();
    {
        dns::Client client(settings);
        EXPECT_EQ(look_up(client, "host.example", RecordType::A, 300ms).status, Status::Late);
        EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
        for (int i = 0; i < 50; ++i) {
            answers.push_back(ask(client, std::to_string(i) + ".example", RecordType::A, 3s));
        }
    }
    for (auto& each : answers) EXPECT_EQ(each.get().status, Status::Failed) << "it was stopped";
    EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
}

TEST_F(NsdTest, ValidationAsksTheServersForSpecialNamesToo) {
    if (!is_installed("ldns-keygen")) GTEST_SKIP() << "ldnsutils are not installed";
    nsd_.sign();
    FakeServer server(
        "host.test A 192.0.2.3\nlocalhost A 192.0.2.4\nsingle A 192.0.2.5\n"
        "host.onion A 192.0.2.6\nhost.invalid A 192.0.2.7\n"
        "1.0.0.10.in-addr.arpa PTR host.test\n");
    dns::ClientSettings settings = settings_for({server.address()});
    settings.trust_anchor = nsd_.file("anchor");
    dns::Client client(settings);
    for (const char* name : {"host.test", "localhost", "single", "host.onion", "host.invalid"}) {
        SCOPED_TRACE(name);
        const dns::Answer answer = look_up(client, name, RecordType::A, 3s);
        EXPECT_EQ(answer.status, Status::Found) << answer.detail;
        EXPECT_FALSE(answer.secure);
    }
    EXPECT_EQ(look_up(client, "1.0.0.10.in-addr.arpa", RecordType::Ptr, 3s).status, Status::Found);
}

}  // namespace
}  // namespace postern::tests
