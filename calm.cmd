@echo off
rem The same as ./calm, on Windows: needs Deno 2.8 or newer on the PATH; paths are the caller's.
setlocal
set "INIT_CWD=%CD%"
for %%T in (train search explain figure eval weights convert data bench tune viewer doctor test check ok) do (
  if "%~1"=="%%T" (
    deno task --quiet --config "%~dp0deno.json" %*
    exit /b
  )
)
deno run --quiet --config "%~dp0deno.json" --allow-read --allow-env=INIT_CWD "%~dp0cli.ts" %*
exit /b
