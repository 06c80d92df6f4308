#include <iostream>

#include "gateway/cli/command.hpp"

namespace postern::cli {

int complain(const std::string& sentence, int exit_code) {
    std::cout.flush();
    std::cerr << "postern: " << sentence << std::endl;
    return exit_code;
}

}  // namespace postern::cli
