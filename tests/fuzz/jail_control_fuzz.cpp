/// @file A message of the jail's channels, from anybody: what is taken is a message of its kind,
/// and sent again is the same bytes.

#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

#include "sandbox/control.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::sandbox;
    constexpr std::size_t kLargest = std::size_t{64} << 10;
    if (size == 0 || size > kLargest) return 0;
    auto pair = channel_pair();
    if (!pair) return 0;
    if (::send((*pair)[0].get(), data, size, MSG_DONTWAIT) != static_cast<ssize_t>(size)) return 0;
    auto got = receive((*pair)[1].get());
    const auto* received = std::get_if<Received>(&got);
    if (received == nullptr) return 0;
    if (!received->descriptors.empty()) std::abort();
    if (!send((*pair)[0].get(), received->message)) std::abort();
    std::array<std::uint8_t, kLargest> again{};
    const ssize_t length = ::recv((*pair)[1].get(), again.data(), again.size(), 0);
    if (length != static_cast<ssize_t>(size)) std::abort();
    if (std::memcmp(again.data(), data, size) != 0) std::abort();  // no struct has a gap
    return 0;
}
