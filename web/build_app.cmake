# Copies the page's sources to BUILD, type-checks and builds them there, and puts the result in OUTPUT
# in one step, so that a failed build leaves the old page as it was.
file(REMOVE_RECURSE ${BUILD}/src ${BUILD}/public ${BUILD}/dist)
file(COPY ${SOURCE}/src ${SOURCE}/public ${SOURCE}/index.html ${SOURCE}/vite.config.ts
    ${SOURCE}/tsconfig.json ${SOURCE}/svelte.config.js DESTINATION ${BUILD})
foreach(script check build)
    execute_process(COMMAND npm run --silent ${script} WORKING_DIRECTORY ${BUILD}
        OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "npm run ${script} failed:\n${output}")
    endif()
endforeach()
cmake_path(GET OUTPUT PARENT_PATH parent)
file(MAKE_DIRECTORY ${parent})
file(REMOVE_RECURSE ${OUTPUT})
file(RENAME ${BUILD}/dist ${OUTPUT})
