@echo off
rem Builds everything in Release, runs every test project, and ends with "N passed, N failed, N skipped".
rem Arguments go to every project and choose tests, as xunit.v3 has it: test -class *Tokenizer*
setlocal enabledelayedexpansion
cd /d "%~dp0"
call homegrown.cmd --version >nul || exit /b 1
dotnet build Homegrown.slnx -c Release -v quiet --nologo || exit /b 1

set "npm=tests\Homegrown.Server.Tests\Npm"
if exist %npm%\package-lock.json if not exist %npm%\node_modules (
    pushd %npm%
    call npm ci --silent --no-audit --no-fund || echo test: npm ci failed in %npm%
    popd
)

set /a passed=0, failed=0, skipped=0
set "log=%temp%\homegrown-test-%random%.log"
for /d %%d in (tests\Homegrown.*) do (
    dotnet "%%d\bin\Release\net10.0\%%~nxd.dll" -noColor -noLogo %* >"%log%" 2>&1
    set "code=!errorlevel!"
    set "errors="
    type "%log%"
    for /f "tokens=3,5,7,9,12 delims=:, " %%a in ('findstr /r /c:"^ .* Total: " "%log%"') do (
        set /a errors=%%b+%%c+0, failed+=%%b+%%c+0, skipped+=%%d+0, passed+=%%a-%%c-%%d-%%e-0
    )
    if not defined errors set /a failed+=1
    if not "!code!"=="0" if "!errors!"=="0" set /a failed+=1
)
del "%log%" 2>nul
echo %passed% passed, %failed% failed, %skipped% skipped
if not "%failed%"=="0" exit /b 1
exit /b 0
