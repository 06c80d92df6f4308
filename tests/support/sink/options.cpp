#include "tests/support/sink/options.hpp"

#include <charconv>
#include <map>
#include <stdexcept>

namespace postern::sink {
namespace {

template <class Number>
Number number(const std::string& text) {
    Number value{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
        throw std::invalid_argument("not a number: " + text);
    }
    return value;
}

Stage stage(const std::string& word) {
    static const std::map<std::string, Stage> stages{
        {"connect", Stage::Connect}, {"helo", Stage::Helo},
        {"mail", Stage::Mail},       {"recipient", Stage::Recipient},
        {"data", Stage::Data},       {"message", Stage::Message},
        {"dot", Stage::Dot}};
    const auto found = stages.find(word);
    if (found == stages.end()) throw std::invalid_argument("not a stage: " + word);
    return found->second;
}

void listen_at(Options& options, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) throw std::invalid_argument("not ADDRESS:PORT: " + text);
    options.address = text.substr(0, colon);
    options.port = number<std::uint16_t>(text.substr(colon + 1));
}

}  // namespace

Options parse_options(const std::vector<std::string>& words) {
    Options options;
    const std::map<std::string, bool Options::*> switches{{"--lmtp", &Options::lmtp},
                                                          {"--starttls", &Options::starttls},
                                                          {"--break-tls", &Options::break_tls}};
    const std::map<std::string, bool Options::*> negatives{
        {"--no-8bitmime", &Options::eight_bit},
        {"--no-smtputf8", &Options::smtputf8},
        {"--no-pipelining", &Options::pipelining}};
    const std::map<std::string, std::vector<std::string> Options::*> lists{
        {"--refuse", &Options::refuse},
        {"--defer", &Options::defer},
        {"--refuse-late", &Options::refuse_late}};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (const auto on = switches.find(word); on != switches.end()) {
            options.*(on->second) = true;
            continue;
        }
        if (const auto off = negatives.find(word); off != negatives.end()) {
            options.*(off->second) = false;
            continue;
        }
        if (i + 1 == words.size())
            throw std::invalid_argument("unknown, or without value: " + word);
        const std::string& value = words[++i];
        if (const auto list = lists.find(word); list != lists.end()) {
            (options.*(list->second)).push_back(value);
        } else if (word == "--folder") {
            options.folder = value;
        } else if (word == "--listen") {
            listen_at(options, value);
        } else if (word == "--size") {
            options.max_size = number<std::uint64_t>(value);
        } else if (word == "--answer") {
            options.data_code = number<int>(value);
        } else if (word == "--delay") {
            options.delay = std::chrono::milliseconds(number<int>(value));
        } else if (word == "--drop") {
            options.drop = stage(value);
        } else {
            throw std::invalid_argument("unknown: " + word);
        }
    }
    if (options.folder.empty()) throw std::invalid_argument("--folder is missing");
    return options;
}

}  // namespace postern::sink
