# Three stages: the browser's code, the package with its locked dependencies, and what runs.

FROM node:24-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY web/ ./
RUN npm run --silent build

FROM python:3.13-slim AS package
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/sessional
COPY requirements.lock ./
RUN /opt/sessional/bin/pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY src/ src/
COPY --from=web /build/src/sessional/web/static/ src/sessional/web/static/
RUN /opt/sessional/bin/pip install --quiet --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sessional \
    && install --directory --owner sessional --mode 0700 /data
COPY --from=package /opt/sessional /opt/sessional
WORKDIR /opt/sessional
COPY run_tests.sh ./
ENV PATH=/opt/sessional/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SESSIONAL_DATABASE=sqlite:////data/sessional.db
USER sessional
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=5)"]
CMD ["sessional", "serve", "--host", "0.0.0.0", "--port", "8000"]
