#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::sink {

/// Where a connection is cut.
enum class Stage { Never, Connect, Helo, Mail, Recipient, Data, Message, Dot };

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: picked and printed
    std::string folder;
    bool lmtp = false;
    bool starttls = false;
    bool break_tls = false;
    bool eight_bit = true;
    bool smtputf8 = true;
    bool pipelining = true;
    std::uint64_t max_size = 0;            ///< told by SIZE; 0: not told
    std::vector<std::string> refuse;       ///< recipients answered by 550
    std::vector<std::string> defer;        ///< recipients answered by 450
    std::vector<std::string> refuse_late;  ///< recipients of LMTP answered by 550 after the message
    int data_code = 0;                     ///< what the message is answered by instead of 250
    std::chrono::milliseconds delay{0};    ///< before each reply
    Stage drop = Stage::Never;
};

inline constexpr const char* kUsage =
    "usage: postern-sink --folder FOLDER [--listen 127.0.0.1:PORT] [options]\n"
    "A next hop for trials: keeps each message as FOLDER/NUMBER.eml, its envelope as "
    "NUMBER.envelope.\n"
    "  --lmtp               speak LMTP           --starttls      with a certificate made now, in\n"
    "                                                            FOLDER/certificate.pem\n"
    "  --no-8bitmime        do not offer it      --break-tls     fail each handshake\n"
    "  --no-smtputf8        do not offer it      --no-pipelining do not offer it\n"
    "  --size BYTES         offer SIZE           --delay MS      before each reply\n"
    "  --refuse ADDRESS     550 at RCPT          --defer ADDRESS 450 at RCPT (both repeat)\n"
    "  --refuse-late ADDRESS  550 after an LMTP message (repeats)\n"
    "  --answer CODE        to each message instead of 250; nothing is kept\n"
    "  --drop STAGE         cut at connect, helo, mail, recipient, data, message (in its middle) "
    "or\n"
    "                       dot (kept, but not answered)\n"
    "Port 0, the default, picks one. The first line of output is \"listening on ADDRESS:PORT\".\n";

/// Throws std::invalid_argument with a sentence.
Options parse_options(const std::vector<std::string>& words);

}  // namespace postern::sink
