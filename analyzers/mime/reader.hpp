#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "analyzers/api/analyzer.hpp"
#include "analyzers/mime/delimiters.hpp"
#include "analyzers/mime/header_block.hpp"
#include "analyzers/mime/parameters.hpp"
#include "analyzers/mime/transfer.hpp"

namespace postern::analyzers {

/// Reads one message: first as the standards say, then what that left over, as less strict readers
/// would. Every leaf becomes a child once, however many readings come to it.
class MimeReader {
public:
    MimeReader(std::string_view text, std::string_view name, Budget& budget, Analysis& into)
        : text_(text), name_(name), budget_(budget), into_(into), dashes_(text) {}

    /// The whole text is one message.
    void read();

private:
    /// What the header of one entity says, in every reading.
    struct Entity {
        HeaderBlock block;
        std::vector<ParameterList> types;  ///< one for each Content-Type field that differs
        ParameterList disposition;         ///< of all such fields together, likewise `naming`
        ParameterList naming;
        Encodings encodings;
        bool odd = false;
    };

    void entity(Region region, std::size_t nesting, bool alternate, bool in_digest);
    [[nodiscard]] Entity read_header(Region region, bool in_digest);
    /// True if some part was found.
    bool multipart(const ParameterList& type, Region body, std::size_t nesting, bool alternate);
    void parts_of(const Cut& cut, std::size_t nesting, bool alternate, bool digest);
    void leaf(const Entity& entity, Region body, bool alternate);
    void encoded_container(const Entity& entity, const ParameterList& type, Region body);
    void emit(std::string bytes, const Entity& entity, const ParameterList& type, bool alternate);
    void emit_blocks(Region region);
    void sweep();
    void sweep_line(const DashLine& line, std::size_t nesting);
    [[nodiscard]] std::string_view view(Region region) const {
        return text_.substr(region.begin, region.end - region.begin);
    }
    [[nodiscard]] bool admit(std::size_t bytes);
    void ambiguous(std::string_view what);
    void broken(std::string_view what);
    void report(LimitHit hit);

    std::string_view text_;
    std::string_view name_;
    Budget& budget_;
    Analysis& into_;
    DashLines dashes_;
    std::set<std::tuple<std::size_t, std::size_t, Encoding>> seen_;  ///< leaves, by body
    std::set<std::pair<std::size_t, std::size_t>> entities_;         ///< by region
    bool odd_header_ = false;
    bool stopped_ = false;
};

}  // namespace postern::analyzers
