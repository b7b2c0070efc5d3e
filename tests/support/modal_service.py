"""A local server that speaks Modal's protocol, as far as `modal run` uses it.

It takes files, builds images of nothing, creates functions, runs none of them, and answers every
call to one with `Service.result`. What it was asked for is kept, and is what tests look at. Point
MODAL_SERVER_URL at `Service.url`.
"""

import asyncio
import pickle
import threading
from collections import defaultdict
from typing import Any

import grpclib
from google.protobuf.message import Message
from grpclib.server import Server, Stream
from modal_proto import api_grpc, api_pb2

BUILDER = "2025.06"
"""The version of Modal's image builder that the workspace is set to."""

SUCCESS = api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS)


class Service:
    """Use as a context manager; `asked` has all requests by their name, in order."""

    def __init__(self, result: Any):
        self.result = result
        self.asked: dict[str, list[Message]] = defaultdict(list)
        self.url = ""
        self._started, self._stop = threading.Event(), asyncio.Event()

    def __enter__(self) -> "Service":
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __mapping__(self) -> dict[str, grpclib.const.Handler]:
        """Return the handlers by path, as grpclib asks for them."""
        abstract = api_grpc.ModalClientBase
        methods = dict.fromkeys(abstract.__abstractmethods__)
        handlers = type("Methods", (abstract,), methods)().__mapping__()
        return {
            path: handler._replace(func=self._handler(path.rpartition("/")[2], handler.reply_type))
            for path, handler in handlers.items()
        }

    def uploaded(self) -> dict[str, bytes]:
        """Return the content of every uploaded file, by its SHA-256."""
        return {file.sha256_hex: file.data for file in self.asked["MountPutFile"]}

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = Server([self])
        await server.start("127.0.0.1", 0)
        port = server._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._started.set()
        await self._stop.wait()
        server.close()
        await server.wait_closed()

    def _handler(self, name: str, reply_type: type[Message]):
        answer = getattr(self, f"_answer_{name}", lambda request: {})

        async def handle(stream: Stream) -> None:
            request = await stream.recv_message()
            self.asked[name].append(request)
            await stream.send_message(reply_type(**answer(request)))

        return handle

    def _answer_EnvironmentGetOrCreate(self, request: Message) -> dict[str, Any]:
        settings = api_pb2.EnvironmentSettings(image_builder_version=BUILDER)
        metadata = api_pb2.EnvironmentMetadata(name="main", settings=settings)
        return {"environment_id": "en-1", "metadata": metadata}

    def _answer_AppCreate(self, request: Message) -> dict[str, Any]:
        return {"app_id": "ap-1"}

    def _answer_AppGetLogs(self, request: Message) -> dict[str, Any]:
        return {"app_done": True}

    def _answer_MountBatchedCheckExistence(self, request: Message) -> dict[str, Any]:
        return {"missing_sha256_hex_hashes": request.sha256_hex_hashes}

    def _answer_MountPutFile(self, request: Message) -> dict[str, Any]:
        return {"exists": True}

    def _answer_MountGetOrCreate(self, request: Message) -> dict[str, Any]:
        return {"mount_id": f"mo-{len(self.asked['MountGetOrCreate'])}"}

    def _answer_ImageGetOrCreate(self, request: Message) -> dict[str, Any]:
        return {"image_id": f"im-{len(self.asked['ImageGetOrCreate'])}", "result": SUCCESS}

    def _answer_VolumeGetOrCreate(self, request: Message) -> dict[str, Any]:
        metadata = api_pb2.VolumeMetadata(name=request.deployment_name)
        return {"volume_id": f"vo-{request.deployment_name}", "metadata": metadata}

    def _answer_FunctionPrecreate(self, request: Message) -> dict[str, Any]:
        return self._function(request.function_name)

    def _answer_FunctionCreate(self, request: Message) -> dict[str, Any]:
        ranked = api_pb2.FunctionData.RankedFunction(function=request.function)
        data = api_pb2.FunctionData(ranked_functions=[ranked])
        return {"function_data": data, **self._function(request.function.function_name)}

    def _answer_FunctionBindParams(self, request: Message) -> dict[str, Any]:
        return {"bound_function_id": "fu-2"}

    def _answer_FunctionMap(self, request: Message) -> dict[str, Any]:
        item = api_pb2.FunctionPutInputsResponseItem(input_id="in-1")
        return {"function_call_id": "fc-1", "pipelined_inputs": [item]}

    def _answer_FunctionGetOutputs(self, request: Message) -> dict[str, Any]:
        result = api_pb2.GenericResult(data=pickle.dumps(self.result))
        result.MergeFrom(SUCCESS)
        output = api_pb2.FunctionGetOutputsItem(
            result=result, data_format=api_pb2.DATA_FORMAT_PICKLE
        )
        return {"outputs": [output]}

    @staticmethod
    def _function(name: str) -> dict[str, Any]:
        metadata = api_pb2.FunctionHandleMetadata(function_name=name)
        return {"function_id": "fu-1", "handle_metadata": metadata}
