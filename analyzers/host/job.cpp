#include "analyzers/host/job.hpp"

namespace postern::host {
namespace {

constexpr std::uint8_t kVersion = 1;

class Cursor {
public:
    explicit Cursor(sandbox::Parameters& bytes) : bytes_(bytes) {}
    void put(std::uint64_t value, std::size_t width) {
        for (std::size_t i = 0; i < width; ++i, value >>= 8) {
            bytes_[at_++] = static_cast<std::byte>(value & 0xFF);
        }
    }

private:
    sandbox::Parameters& bytes_;
    std::size_t at_ = 0;
};

class Source {
public:
    explicit Source(const sandbox::Parameters& bytes) : bytes_(bytes) {}
    std::uint64_t u64() { return take(8); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(take(4)); }
    std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)); }

private:
    std::uint64_t take(std::size_t width) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i) {
            value |= std::to_integer<std::uint64_t>(bytes_[at_++]) << (8 * i);
        }
        return value;
    }

    const sandbox::Parameters& bytes_;
    std::size_t at_ = 0;
};

}  // namespace

sandbox::Parameters pack(const JobParameters& job) {
    sandbox::Parameters packed{};
    Cursor out(packed);
    out.put(kVersion, 1);
    out.put(static_cast<std::uint8_t>(job.kind), 1);
    out.put(job.limits.depth, 4);
    out.put(job.limits.objects, 4);
    out.put(job.limits.bytes, 8);
    out.put(job.limits.object_bytes, 8);
    out.put(job.limits.ratio, 4);
    out.put(job.limits.names, 4);
    out.put(job.limits.milliseconds, 4);
    return packed;
}

std::optional<JobParameters> unpack(const sandbox::Parameters& packed) {
    Source in(packed);
    if (in.u8() != kVersion) return std::nullopt;
    const std::uint8_t kind = in.u8();
    if (kind > static_cast<std::uint8_t>(MessageKind::Object)) return std::nullopt;
    JobParameters job;
    job.kind = static_cast<MessageKind>(kind);
    job.limits.depth = in.u32();
    job.limits.objects = in.u32();
    job.limits.bytes = in.u64();
    job.limits.object_bytes = in.u64();
    job.limits.ratio = in.u32();
    job.limits.names = in.u32();
    job.limits.milliseconds = in.u32();
    return job;
}

}  // namespace postern::host
