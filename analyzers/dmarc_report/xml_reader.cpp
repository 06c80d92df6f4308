#include "analyzers/dmarc_report/xml_reader.hpp"

#include <expat.h>
#include <sys/auxv.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>
#include <memory>
#include <new>

namespace postern::analyzers {
namespace {

constexpr XML_Char kSpaceEnd = '\n';  // between namespace and name: in neither

/// For expat's tables of names: random bytes that each process has from its start, since expat
/// would ask the kernel, which the jail forbids.
unsigned long hash_salt() {
    unsigned long salt = 0;
    const auto* random = std::bit_cast<const char*>(::getauxval(AT_RANDOM));
    if (random != nullptr) std::memcpy(&salt, random, sizeof salt);
    return salt | 1U;  // 0 means: ask
}

struct Freer {
    void operator()(XML_Parser parser) const { ::XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<XML_ParserStruct, Freer>;

/// What the callbacks share. No exception may pass through expat: it is kept until it is back.
struct Reading {
    XML_Parser parser;
    XmlSink& sink;
    std::size_t depth = 0;
    XmlEnd end = XmlEnd::Whole;
    std::exception_ptr thrown = {};

    void stop(XmlEnd why) {
        if (end == XmlEnd::Whole) end = why;
        ::XML_StopParser(parser, XML_FALSE);
    }
    template <class Step>
    void guarded(Step step) {
        if (end != XmlEnd::Whole) return;  // expat tells the end of an empty element all the same
        try {
            if (!step()) stop(XmlEnd::Stopped);
        } catch (...) {
            thrown = std::current_exception();
            stop(XmlEnd::Stopped);
        }
    }
};

Reading& of(void* data) {
    return *static_cast<Reading*>(data);
}

void XMLCALL on_open(void* data, const XML_Char* name, const XML_Char** /*attributes*/) {
    Reading& reading = of(data);
    if (++reading.depth > kMaxXmlDepth) {
        reading.stop(XmlEnd::Deep);
        return;
    }
    const std::string_view full = name;
    const std::size_t split = full.find(kSpaceEnd);
    const bool plain = split == std::string_view::npos;
    const std::string_view space = plain ? std::string_view() : full.substr(0, split);
    const std::string_view local = plain ? full : full.substr(split + 1);
    reading.guarded([&] { return reading.sink.open(space, local); });
}

void XMLCALL on_close(void* data, const XML_Char* /*name*/) {
    Reading& reading = of(data);
    --reading.depth;
    reading.guarded([&] { return reading.sink.close(); });
}

void XMLCALL on_text(void* data, const XML_Char* piece, int length) {
    Reading& reading = of(data);
    const std::string_view text(piece, static_cast<std::size_t>(std::max(length, 0)));
    reading.guarded([&] { return reading.sink.text(text); });
}

void XMLCALL on_document_type(void* data, const XML_Char* /*name*/, const XML_Char* /*system*/,
                              const XML_Char* /*public*/, int /*internal*/) {
    of(data).stop(XmlEnd::DocumentType);
}

/// False: the document has ended, one way or another.
bool feed(Reading& reading, std::string_view piece, bool last) {
    const auto status = ::XML_Parse(reading.parser, piece.data(), static_cast<int>(piece.size()),
                                    static_cast<int>(last));
    if (status == XML_STATUS_OK) return !last;
    if (::XML_GetErrorCode(reading.parser) == XML_ERROR_NO_MEMORY) throw std::bad_alloc();
    if (reading.end == XmlEnd::Whole) reading.end = XmlEnd::Broken;
    return false;
}

}  // namespace

XmlEnd read_xml(std::string_view xml, XmlSink& sink, const Budget& budget) {
    const Parser parser(::XML_ParserCreateNS("UTF-8", kSpaceEnd));
    if (!parser) throw std::bad_alloc();
    Reading reading{parser.get(), sink};
    ::XML_SetHashSalt(parser.get(), hash_salt());
    ::XML_SetUserData(parser.get(), &reading);
    ::XML_SetElementHandler(parser.get(), on_open, on_close);
    ::XML_SetCharacterDataHandler(parser.get(), on_text);
    ::XML_SetStartDoctypeDeclHandler(parser.get(), on_document_type);
    std::size_t fed = 0;
    bool more = true;
    while (more) {
        const std::size_t count = std::min(kXmlPiece, xml.size() - fed);
        more = feed(reading, xml.substr(fed, count), fed + count == xml.size());
        fed += count;
        // What expat cannot use yet it reads again with the next piece: twice at most.
        const auto used = ::XML_GetCurrentByteIndex(parser.get());
        if (more && fed - static_cast<std::size_t>(std::max<XML_Index>(used, 0)) > kXmlPiece) {
            return XmlEnd::LongToken;
        }
        if (more && budget.check_time()) return XmlEnd::Late;
    }
    if (reading.thrown) std::rethrow_exception(reading.thrown);
    return reading.end;
}

}  // namespace postern::analyzers
