/// @file OpenDKIM on the command line, for dkim_interop.py and compare_dkim.py.
///
///     opendkim_oracle each KEYS FILE...          a line for each file, its results with ","
///     between opendkim_oracle verify KEYS < message      KEYS: lines "name record" opendkim_oracle
///     sign PEM SELECTOR DOMAIN relaxed|simple rsa|ed25519 < message

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/support/auth/opendkim.hpp"

namespace {

std::string read(std::istream& in) {
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void take_keys(postern::tests::OpenDkim& library, const char* path) {
    std::ifstream keys(path);
    for (std::string line; std::getline(keys, line);) {
        const std::size_t blank = line.find(' ');
        library.keys()[line.substr(0, blank)] = line.substr(blank + 1);
    }
}

void verify_each(postern::tests::OpenDkim& library, char** first, char** last) {
    for (char** file = first; file != last; ++file) {
        std::ifstream in(*file, std::ios::binary);
        std::string line;
        for (const std::string& each : library.verify(read(in))) {
            line += (line.empty() ? "" : ",") + each;
        }
        std::cout << line << "\n";
    }
}

}  // namespace

int main(int count, char** words) {
    auto& library = postern::tests::OpenDkim::instance();
    const std::string command = count > 1 ? words[1] : "";
    if (command == "each" && count > 3) {
        take_keys(library, words[2]);
        verify_each(library, words + 3, words + count);
        return 0;
    }
    const std::string message = read(std::cin);
    if (command == "verify" && count == 3) {
        take_keys(library, words[2]);
        for (const std::string& line : library.verify(message)) std::cout << line << "\n";
        return 0;
    }
    if (command == "sign" && count == 7) {
        std::ifstream pem(words[2]);
        const bool ed25519 = std::string(words[6]) == "ed25519";
        const std::string value = library.sign(message, read(pem), words[3], words[4],
                                               std::string(words[5]) == "relaxed", ed25519);
        if (value.empty()) return 1;
        std::cout << "DKIM-Signature: " << value << "\r\n" << message;
        return 0;
    }
    std::cerr << "usage: opendkim_oracle each KEYS FILE... | verify KEYS | sign PEM SELECTOR "
                 "DOMAIN FORM TYPE\n";
    return 2;
}
